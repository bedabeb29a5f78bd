/** A user, as the api shows users themselves. */
export interface User {
  id: number
  username: string
  permissions: string[]
}

/** Who is logged in, as it is kept for all tabs of this browser. */
export interface Login {
  token: string
  expiresAtMs: number
  user: User
}

/**
 * Why a login ended, for the login page: the user left (`left`), perhaps in another tab; the api takes the token no longer (`expired`); somebody
 * else ended it (`forced`, with the reason that was given).
 */
export interface Farewell {
  why: 'left' | 'expired' | 'forced'
  reason: string
}

/** Either of them; neither: nobody has been here. */
export interface Kept {
  login: Login | null
  farewell: Farewell | null
}

const NOBODY: Kept = { login: null, farewell: null }

/** What is kept under `key`, if it can be read. A login whose time is over has expired. */
export function read(key: string, now: number): Kept {
  try {
    return understand(JSON.parse(localStorage.getItem(key) ?? 'null'), now)
  } catch {
    return NOBODY
  }
}

/** Keeps it. Where storage is forbidden a login ends with its tab. */
export function write(key: string, kept: Kept): void {
  try {
    localStorage.setItem(key, JSON.stringify(kept))
  } catch {
    // Nothing to do about it, and nothing is lost but the next reload.
  }
}

function understand(value: unknown, now: number): Kept {
  const { login, farewell } = (value ?? {}) as { login?: Partial<Login> | null; farewell?: Partial<Farewell> | null }
  if (typeof login?.token === 'string' && typeof login.expiresAtMs === 'number' && typeof login.user?.id === 'number') {
    return login.expiresAtMs > now ? { login: login as Login, farewell: null } : { login: null, farewell: { why: 'expired', reason: '' } }
  }
  const why = (['left', 'expired', 'forced'] as const).find((one) => one === farewell?.why)
  return why ? { login: null, farewell: { why, reason: String(farewell?.reason ?? '') } } : NOBODY
}
