import type { Next } from './close.js'

/** How a page comes back. */
export interface Retry {
  /** Attempts before it gives up, until something wakes it. 10. */
  limit: number
  /** The first wait in milliseconds; each further one is twice as long. 1,000. */
  baseMs: number
  /** No wait is longer, jitter included. 30,000. */
  capMs: number
  /** Up to this much is added to each wait, so that pages that were closed together do not return together. 1,000. */
  jitterMs: number
}

export const RETRY: Retry = { limit: 10, baseMs: 1_000, capMs: 30_000, jitterMs: 1_000 }

/** No hint of a server spreads a return further than this. */
const WIDEST_SPREAD_MS = 300_000

/**
 * How long to wait before the next attempt, in milliseconds. Pure.
 *
 * `attempt` counts those made since the last connection that held; `withinMs` is the server's hint, `random` is in 0..1.
 */
export function delay(retry: Retry, next: Next, attempt: number, withinMs: number | null, random: number): number {
  const jitter = Math.min(retry.jitterMs, retry.capMs)
  if (next === 'soon') return jitter * random
  // However the connection ended after a hint, everybody else is on the way too.
  if (withinMs !== null) return Math.min(withinMs, WIDEST_SPREAD_MS) * random
  // The jitter lies inside the ceiling: at the ceiling pages would otherwise all wait equally long.
  return Math.min(retry.baseMs * 2 ** attempt, retry.capMs - jitter) + jitter * random
}
