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

export const NOTHING: Readonly<AuditFilter> = { actor: '', action: '', target: '', result: '', since: '', until: '' }

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
