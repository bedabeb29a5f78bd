import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** Which users are listed; empty: no matter. */
export interface AccountFilter {
  /** How the name begins. */
  username: string
  /** Whom they answer to, by id. */
  manager: string
  role: string
  disabled: '' | 'true' | 'false'
}

const NAMES = ['username', 'manager', 'role'] as const

/** What stands in the page's address. */
export function readFilter(query: LocationQuery): AccountFilter {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '')
  const disabled = text('disabled')
  return { username: text('username'), manager: text('manager'), role: text('role'), disabled: disabled === 'true' || disabled === 'false' ? disabled : '' }
}

/** The same for the address: what is empty is left out. */
export function writeFilter(filter: AccountFilter): LocationQueryRaw {
  const query: LocationQueryRaw = {}
  for (const name of NAMES) if (filter[name].trim()) query[name] = filter[name].trim()
  if (filter.disabled) query.disabled = filter.disabled
  return query
}

/** The same for the api; what is no id of a manager is left out. */
export function asked(filter: AccountFilter) {
  return {
    username: filter.username.trim() || undefined,
    manager_id: readId(filter.manager) ?? undefined,
    role: filter.role || undefined,
    disabled: filter.disabled ? filter.disabled === 'true' : undefined,
  }
}

/** The id of a user in what was typed; `null`: it is none. */
export function readId(typed: unknown): number | null {
  const text = typeof typed === 'string' ? typed.trim() : ''
  return /^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null
}
