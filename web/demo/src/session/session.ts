import { readonly, shallowRef } from 'vue'
import { createApi } from '../api/api.js'
import { createRequest } from '../api/request.js'
import { KEY, read, write, type Farewell, type Kept } from './keep.js'

const kept = read(Date.now())
const login = shallowRef(kept.login)
const farewell = shallowRef(kept.farewell)

/** Calls the api with the token of whoever is logged in; a refusal of that token ends the login. */
export const request = createRequest({
  token: () => login.value?.token ?? null,
  refused: (token) => {
    // A late answer to a token that was replaced says nothing.
    if (token === login.value?.token) end({ why: 'expired', reason: '' })
  },
})

export const api = createApi(request)

/** The login of this tab, the same in all tabs of this browser. */
export const session = {
  login: readonly(login),
  farewell: readonly(farewell),
  may: (permission: string) => login.value?.user.permissions.includes(permission) ?? false,
  start,
  end,
  refresh,
  followOtherTabs,
}

async function start(username: string, password: string): Promise<void> {
  const { token, expires_at_ms, user } = await api.login(username, password)
  keep({ login: { token, expiresAtMs: expires_at_ms, user }, farewell: null })
}

/** The first reason stays, for what follows from it is no news; but a refused token may be heard of before the reason for it. */
function end(why: Farewell): void {
  if (login.value || explains(why)) keep({ login: null, farewell: why })
}

function explains(why: Farewell | null): boolean {
  return why?.why === 'forced' && farewell.value?.why === 'expired'
}

/** Permissions may have changed since the login. */
async function refresh(): Promise<void> {
  const before = login.value
  if (!before) return
  const { user } = await api.me()
  if (login.value === before) keep({ login: { ...before, user }, farewell: null })
}

function keep(now: Kept): void {
  show(now)
  write(now)
}

/** The reason first: whoever watches the login wants to know it. */
function show(now: Kept): void {
  farewell.value = now.farewell
  login.value = now.login
}

/** A login, and its end, in one tab is one in all tabs. */
function followOtherTabs(): void {
  addEventListener('storage', ({ key }) => {
    // A null key: everything was cleared.
    if (key !== KEY && key !== null) return
    const now = read(Date.now())
    const before = login.value
    // Another person's page begins from scratch.
    if (before && now.login && before.user.id !== now.login.user.id) return location.reload()
    // Otherwise it has ended here already, with the first reason.
    if (before || now.login || explains(now.farewell)) show(now)
  })
}
