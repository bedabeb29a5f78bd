import type { User } from '../api/types.js'

/** Who is logged in, as it is kept for all tabs of this browser. */
export interface Login {
  token: string
  expiresAtMs: number
  user: User
}

export const KEY = 'gatepipe-demo.login'

/** What is kept, unless it is over or not readable. */
export function readLogin(now: number): Login | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null')
    return isLogin(kept) && kept.expiresAtMs > now ? kept : null
  } catch {
    return null
  }
}

/** Keeps it, or forgets it. Where storage is forbidden the login ends with the tab. */
export function writeLogin(login: Login | null): void {
  try {
    if (login) localStorage.setItem(KEY, JSON.stringify(login))
    else localStorage.removeItem(KEY)
  } catch {
    // Nothing to do about it, and nothing is lost but the next reload.
  }
}

function isLogin(value: unknown): value is Login {
  const login = value as Partial<Login> | null
  return typeof login?.token === 'string' && typeof login.expiresAtMs === 'number' && typeof login.user?.id === 'number'
}
