import { delay, type Retry } from './backoff.js'
import type { Inbox } from './inbox.js'
import type { ClientOptions, NotificationPayload } from './types.js'

/** Pages of one catch-up at most: with 100 rows each, more than anybody reads. */
const MOST_PAGES = 100

export interface CatchUp {
  /** Begins anew. */
  start(): void
  stop(): void
}

/** Fetches what was stored after the last id and offers each row to `found`. An answer that fails is asked for again with the waits of `retry`. */
export function createCatchUp(
  fetchPage: NonNullable<ClientOptions['catchUp']>,
  inbox: Inbox,
  retry: Retry,
  random: () => number,
  found: (row: NotificationPayload) => void,
  failed: (error: unknown) => void,
): CatchUp {
  let running: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const all = async (signal: AbortSignal) => {
    let after = inbox.lastId()
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const page = await fetchPage(after, signal)
      if (signal.aborted) return
      const { list, next_cursor } = 'list' in page ? page : { list: page, next_cursor: null }
      for (const row of list) found(row)
      const last = list[list.length - 1]
      if (last) inbox.sawUpTo((after = last.id))
      if (!last || !next_cursor) return
    }
  }
  const run = (attempt: number) => {
    const { signal } = (running = new AbortController())
    all(signal).catch((error: unknown) => {
      if (signal.aborted) return
      failed(error)
      if (attempt < retry.limit) timer = setTimeout(run, delay(retry, 'backoff', attempt, null, random()), attempt + 1)
    })
  }
  const stop = () => {
    running?.abort()
    clearTimeout(timer)
  }
  return {
    start() {
      stop()
      run(0)
    },
    stop,
  }
}
