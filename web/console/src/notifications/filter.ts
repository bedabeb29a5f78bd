import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { KINDS, LEVELS, type Kind, type Level } from './draft.js'

/** What is known about a push. */
export const PUSHES = ['none', 'unknown', 'whole', 'partial', 'failed'] as const
export type Push = (typeof PUSHES)[number]

/** Which notifications; empty: no matter. `since` and `until` as a field for date and time has them, on the reader's own clock. */
export interface SentFilter {
  user: string
  title: string
  level: '' | Level
  kind: '' | Kind
  push: '' | Push
  read: '' | 'true' | 'false'
  since: string
  until: string
}

const one = <T extends string>(all: readonly T[], text: string): '' | T => all.find((word) => word === text) ?? ''

/** What stands in the page's address. */
export function readFilter(query: LocationQuery): SentFilter {
  const text = (name: keyof SentFilter) => (typeof query[name] === 'string' ? query[name] : '')
  return {
    user: text('user'),
    title: text('title'),
    level: one(LEVELS, text('level')),
    kind: one(KINDS, text('kind')),
    push: one(PUSHES, text('push')),
    read: one(['true', 'false'], text('read')),
    since: text('since'),
    until: text('until'),
  }
}

/** The same for the address: what is empty is left out. */
export function writeFilter(filter: SentFilter): LocationQueryRaw {
  return Object.fromEntries(Object.entries(filter).flatMap(([name, typed]) => (typed.trim() ? [[name, typed.trim()]] : [])))
}

/** A user's id; `null` for what is none. */
export function readUser(typed: string): number | null {
  const id = /^[1-9]\d{0,15}$/.test(typed.trim()) ? Number(typed.trim()) : Number.NaN
  return Number.isSafeInteger(id) ? id : null
}

/** Which one a drawer shows: a user's id and the number in that user's inbox. */
export interface Opened {
  user: number
  id: number
}

/** As it stands in the address, `7.3`; `null` for anything else. */
export function readOpened(text: unknown): Opened | null {
  const [user, id, more] = typeof text === 'string' ? text.split('.').map(readUser) : []
  return user && id && more === undefined ? { user, id } : null
}

/** The filter for the api. */
export function asked(filter: SentFilter) {
  const time = (typed: string) => {
    const ms = typed ? new Date(typed).getTime() : Number.NaN
    return Number.isNaN(ms) ? undefined : Math.max(0, ms)
  }
  return {
    user_id: readUser(filter.user) ?? undefined,
    title: filter.title.trim() || undefined,
    level: filter.level || undefined,
    notification_type: filter.kind || undefined,
    push: filter.push || undefined,
    is_read: filter.read ? filter.read === 'true' : undefined,
    since_ms: time(filter.since),
    until_ms: time(filter.until),
  }
}
