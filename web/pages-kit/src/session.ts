import { shallowReadonly, shallowRef, type ShallowRef } from 'vue'
import { read, write, type Farewell, type Kept, type Login, type User } from './keep.js'
import { createRequest, type Request } from './request.js'

/** Before every path of the api. */
export const BASE = '/api/admin'

/** The login of this tab, the same in all tabs of this browser. */
export interface Session {
  readonly login: Readonly<ShallowRef<Login | null>>
  readonly farewell: Readonly<ShallowRef<Farewell | null>>
  /** Calls the api with the token of whoever is logged in; a refusal of that token ends the login. */
  readonly request: Request
  may(permission: string): boolean
  start(username: string, password: string): Promise<void>
  /** The first reason stays, for what follows from it is no news; but a refused token may be heard of before the reason for it. */
  end(why: Farewell): void
  /** Gives oneself another password. Every token made before ends, and this login goes on with a new one. */
  changePassword(before: string, now: string): Promise<void>
  /** Permissions may have changed since the login. */
  refresh(): Promise<void>
  /** A login, and its end, in one tab is one in all tabs. */
  followOtherTabs(): void
}

/** What a login and a change of one's own password are answered with. */
interface LoginAnswer {
  token: string
  expires_at_ms: number
  user: User
}

/** Makes the session of a page that keeps its login in this browser under `key`. */
export function createSession(key: string): Session {
  const kept = read(key, Date.now())
  const login = shallowRef(kept.login)
  const farewell = shallowRef(kept.farewell)
  /** While the token is being replaced others are refused that use it, and the answer with the new one is still on its way. */
  let isReplacing = false
  const request = createRequest({
    token: () => login.value?.token ?? null,
    refused: (token) => {
      // A late answer to a token that was replaced says nothing.
      if (token === login.value?.token && !isReplacing) end({ why: 'expired', reason: '' })
    },
  })

  function begin({ token, expires_at_ms, user }: LoginAnswer): void {
    keep({ login: { token, expiresAtMs: expires_at_ms, user }, farewell: null })
  }

  function end(why: Farewell): void {
    if (login.value || explains(why)) keep({ login: null, farewell: why })
  }

  function explains(why: Farewell | null): boolean {
    return why?.why === 'forced' && farewell.value?.why === 'expired'
  }

  function keep(now: Kept): void {
    show(now)
    write(key, now)
  }

  /** The reason first: whoever watches the login wants to know it. */
  function show(now: Kept): void {
    farewell.value = now.farewell
    login.value = now.login
  }

  return {
    login: shallowReadonly(login),
    farewell: shallowReadonly(farewell),
    request,
    may: (permission) => login.value?.user.permissions.includes(permission) ?? false,
    async start(username, password) {
      begin((await request.post<LoginAnswer>(`${BASE}/Auth/login`, { username, password })).data)
    },
    end,
    async changePassword(before, now) {
      isReplacing = true
      try {
        const { data } = await request.post<LoginAnswer>(`${BASE}/Auth/changePassword`, { old_password: before, new_password: now })
        // Whoever left meanwhile stays outside. Another tab may have taken the end of the old token for the end of the login.
        if (login.value || farewell.value?.why === 'expired') begin(data)
      } finally {
        isReplacing = false
      }
    },
    async refresh() {
      const before = login.value
      if (!before) return
      const { user } = (await request.get<{ user: User }>(`${BASE}/Auth/me`)).data
      if (login.value === before) keep({ login: { ...before, user }, farewell: null })
    },
    followOtherTabs() {
      addEventListener('storage', (event) => {
        // A null key: everything was cleared.
        if (event.key !== key && event.key !== null) return
        const now = read(key, Date.now())
        const before = login.value
        // Another person's page begins from scratch.
        if (before && now.login && before.user.id !== now.login.user.id) return location.reload()
        // Otherwise it has ended here already, with the first reason.
        if (before || now.login || explains(now.farewell)) show(now)
      })
    },
  }
}
