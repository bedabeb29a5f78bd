import type { Frame } from './frame.js'

/** How many notifications above the watermark are remembered. */
const REMEMBERED = 512

/** Which notifications of the user this page has had. Everything up to the watermark counts as had. */
export interface Inbox {
  /** After which id to catch up; `null` when nothing is known. */
  lastId(): number | null
  /** Whether the notification is new; from then on it is not. */
  take(id: number): boolean
  /** Everything up to `id` has been seen. */
  sawUpTo(id: number): void
  forget(): void
}

/**
 * The watermark moves only past ids that leave no gap, because one that was stored and not pushed, or whose push got lost, is found by the next
 * catch-up only if that begins before it.
 */
export function createInbox(): Inbox {
  let mark: number | null = null
  const had = new Set<number>()
  const close = () => {
    while (mark !== null && had.delete(mark + 1)) mark += 1
  }
  const sawUpTo = (id: number) => {
    if (mark !== null && id <= mark) return
    mark = id
    for (const other of had) if (other <= id) had.delete(other)
    close()
  }
  return {
    lastId: () => mark,
    take(id) {
      if ((mark !== null && id <= mark) || had.has(id)) return false
      had.add(id)
      close()
      // Better a gap that is not asked for again than an old notification that rings twice.
      if (had.size > REMEMBERED) sawUpTo(Math.min(...had))
      return true
    },
    sawUpTo,
    forget() {
      mark = null
      had.clear()
    },
  }
}

/** The inbox number of a stored notification, or `null` for every other frame. */
export function notificationId(frame: Frame): number | null {
  const data = frame.data as { id?: number } | null | undefined
  const id = data?.id ?? 0
  return frame.type === 'notification' && Number.isSafeInteger(id) && id > 0 ? id : null
}
