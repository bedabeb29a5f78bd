import { safeLink, type GatepipeClient, type NotificationPayload } from '@gatepipe/client'
import { shallowRef, type ShallowRef } from 'vue'
import type { Api, ListPage } from './api.js'

/** Most rows that a list may ask for. */
const MOST_OF_A_PAGE = 100
/** Most rows that pushes leave in a page that stays open; older ones are loaded again when they are wanted. */
const MOST_KEPT = 1_000
/** How often a list and a count that do not belong together are asked for again. */
const MOST_TRIES = 5

/** The notifications of the user, newest first, one for all components of an application. */
export interface Inbox {
  readonly items: Readonly<ShallowRef<readonly NotificationPayload[]>>
  readonly unread: Readonly<ShallowRef<number>>
  /** There are older ones than those in `items`. */
  readonly hasMore: Readonly<ShallowRef<boolean>>
  /** Why the last call failed; `null` once one has succeeded. */
  readonly lastError: Readonly<ShallowRef<Error | null>>
  /** Loads the newest ones, as many as are there, and the count. One that still runs is given up. */
  refresh(): Promise<boolean>
  loadMore(): Promise<boolean>
  markRead(ids: number | readonly number[]): Promise<boolean>
  markAllRead(): Promise<boolean>
  /** Somebody looks at it; loads it if that was not done yet. */
  open(pageSize: number | undefined): void
  /** Forgets everything: the user has gone. */
  clear(): void
}

export function createInbox(client: GatepipeClient, api: Api | undefined): Inbox {
  const items = shallowRef<readonly NotificationPayload[]>([])
  const unread = shallowRef(0)
  const hasMore = shallowRef(false)
  const lastError = shallowRef<Error | null>(null)
  /** Ends the calls whose answers would come too late. */
  let calls = new AbortController()
  /** The newest id when list and count were loaded: whatever is not above it has been counted. -1: nothing was loaded. */
  let top = -1
  let pageSize = 20

  /** Never rejects; says whether it succeeded. */
  const attempt = async (work: (api: Api, signal: AbortSignal) => Promise<void>) => {
    const { signal } = calls
    try {
      if (!api) throw new Error('@gatepipe/vue: useNotifications() needs the option `request`')
      await work(api, signal)
      if (!signal.aborted) lastError.value = null
    } catch (error) {
      if (!signal.aborted) lastError.value = error instanceof Error ? error : new Error(String(error))
      return false
    }
    return !signal.aborted
  }
  const renew = () => {
    calls.abort()
    calls = new AbortController()
  }
  /** A page, and how many were unread at the moment it shows. */
  const load = async ({ list, unreadCount }: Api, signal: AbortSignal): Promise<[ListPage, number]> => {
    const limit = Math.min(Math.max(pageSize, items.value.length), MOST_OF_A_PAGE)
    for (let page = await list({ limit }, signal), tries = 1; ; tries += 1) {
      if (page.next_cursor === null) return [page, countUnread(page.list)]
      const count = await unreadCount(signal)
      const again = await list({ limit }, signal)
      // Nothing came and nothing was read in between, so the count belongs to the page.
      if (tries >= MOST_TRIES || JSON.stringify(page) === JSON.stringify(again)) return [again, count]
      page = again
    }
  }
  const refresh = () => {
    renew()
    return attempt(async (api, signal) => {
      const [page, count] = await load(api, signal)
      if (signal.aborted) return
      const newest = page.list[0]?.id ?? 0
      const later = items.value.filter(({ id }) => id > newest)
      top = newest
      items.value = [...later, ...page.list.map(harmless)]
      unread.value = count + countUnread(later)
      hasMore.value = page.next_cursor !== null
    })
  }
  const applyRead = (isRead: (id: number) => boolean) => {
    let changed = 0
    items.value = items.value.map((row) => {
      if (row.is_read || !isRead(row.id)) return row
      changed += 1
      return { ...row, is_read: true }
    })
    unread.value = Math.max(unread.value - changed, 0)
  }
  const applyReadIds = (ids: readonly number[]) => {
    applyRead((id) => ids.includes(id))
    // Whether one that is not on the page was unread, only the server knows.
    if (ids.some((id) => items.value.every((row) => row.id !== id))) void refresh()
  }

  client.on('notification', ({ data }) => {
    const id = data?.id
    // Business code may push this type too; without a number of the inbox it is not in the inbox.
    if (!Number.isSafeInteger(id) || id <= Math.max(top, 0) || items.value.some((row) => row.id === id)) return
    items.value = [...items.value, harmless(data)].sort((a, b) => b.id - a.id)
    if (items.value.length > MOST_KEPT) {
      items.value = items.value.slice(0, MOST_KEPT)
      hasMore.value = true
    }
    if (!data.is_read) unread.value += 1
  })
  client.on('notification_read', ({ data }) => {
    if ('ids' in data) return applyReadIds(data.ids)
    applyRead(() => true)
    // One that came meanwhile may be unread.
    void refresh()
  })

  return {
    items,
    unread,
    hasMore,
    lastError,
    refresh,
    async loadMore() {
      const last = items.value[items.value.length - 1]
      if (!last || top < 0) return refresh()
      return attempt(async ({ list }, signal) => {
        if (!hasMore.value) return
        const page = await list({ before_id: last.id, limit: pageSize }, signal)
        if (signal.aborted || items.value[items.value.length - 1]?.id !== last.id) return
        items.value = [...items.value, ...page.list.map(harmless)]
        hasMore.value = page.next_cursor !== null
      })
    },
    markRead: (ids) =>
      attempt(async ({ read }, signal) => {
        const those = typeof ids === 'number' ? [ids] : ids
        await read(those, signal)
        applyReadIds(those)
      }),
    async markAllRead() {
      return (await attempt(async ({ readAll }, signal) => void (await readAll(signal)))) && refresh()
    },
    open(size) {
      pageSize = size ?? pageSize
      if (top < 0) void refresh()
    },
    clear() {
      renew()
      top = -1
      items.value = []
      unread.value = 0
      hasMore.value = false
      lastError.value = null
    },
  }
}

function countUnread(rows: readonly NotificationPayload[]): number {
  return rows.filter((row) => !row.is_read).length
}

function harmless(row: NotificationPayload): NotificationPayload {
  return { ...row, link: safeLink(row.link) }
}
