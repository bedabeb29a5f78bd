import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** How something went. */
export const RESULTS = ['done', 'partial', 'refused', 'failed'] as const
export type Result = (typeof RESULTS)[number]

/** Which entries; empty: no matter. `since` and `until` as a field for date and time has them, on the reader's own clock. */
export interface AuditFilter {
  actor: string
  action: string
  target: string
  result: '' | Result
  since: string
  until: string
}

/** What stands in the page's address. */
export function readFilter(query: LocationQuery): AuditFilter {
  const text = (name: keyof AuditFilter) => (typeof query[name] === 'string' ? query[name] : '')
  const result = text('result')
  return { actor: text('actor'), action: text('action'), target: text('target'), result: isResult(result) ? result : '', since: text('since'), until: text('until') }
}

/** The same for the address: what is empty is left out. */
export function writeFilter(filter: AuditFilter): LocationQueryRaw {
  return Object.fromEntries(Object.entries(filter).flatMap(([name, typed]) => (typed.trim() ? [[name, typed.trim()]] : [])))
}

/** Whether it is no id of a user, and so nobody's. */
export function isWrongActor(typed: string): boolean {
  return typed.trim() !== '' && !/^[1-9]\d{0,15}$/.test(typed.trim())
}

/** The same for the api. */
export function asked(filter: AuditFilter) {
  const text = (typed: string) => typed.trim() || undefined
  const time = (typed: string) => {
    const ms = typed ? new Date(typed).getTime() : Number.NaN
    return Number.isNaN(ms) ? undefined : Math.max(0, ms)
  }
  const actor = Number(filter.actor.trim())
  return {
    actor_id: Number.isSafeInteger(actor) && actor > 0 ? actor : undefined,
    action: text(filter.action.replace(/\s+/g, '')),
    target: text(filter.target),
    result: filter.result || undefined,
    since_ms: time(filter.since),
    until_ms: time(filter.until),
  }
}

/** One of the results; what this page does not know is shown as it is. */
export function isResult(result: string): result is Result {
  return (RESULTS as readonly string[]).includes(result)
}
