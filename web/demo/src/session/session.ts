import { readonly, shallowRef } from 'vue'
import { createApi } from '../api/api.js'
import { createRequest } from '../api/request.js'
import { KEY, readLogin, writeLogin, type Login } from './keep.js'

/**
 * Why a login ended, for the login page: the user left (`left`), perhaps in another tab; the api takes the token no longer (`expired`); somebody
 * else ended it (`forced`, with the reason that was given).
 */
export interface Farewell {
  why: 'left' | 'expired' | 'forced'
  reason: string
}

const login = shallowRef<Login | null>(readLogin(Date.now()))
const farewell = shallowRef<Farewell | null>(null)

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
  keep({ token, expiresAtMs: expires_at_ms, user })
  farewell.value = null
}

/** The first reason stays: what follows from it is no news. */
function end(why: Farewell): void {
  if (!login.value) return
  farewell.value = why
  keep(null)
}

/** Permissions may have changed since the login. */
async function refresh(): Promise<void> {
  const before = login.value
  if (!before) return
  const { user } = await api.me()
  if (login.value === before) keep({ ...before, user })
}

function keep(now: Login | null): void {
  login.value = now
  writeLogin(now)
}

/** A login, and its end, in one tab is one in all tabs. */
function followOtherTabs(): void {
  addEventListener('storage', ({ key }) => {
    // A null key: everything was cleared.
    if (key !== KEY && key !== null) return
    const now = readLogin(Date.now())
    const before = login.value
    if (!now) return end({ why: 'left', reason: '' })
    // Another person's page begins from scratch.
    if (before && before.user.id !== now.user.id) return location.reload()
    login.value = now
  })
}
