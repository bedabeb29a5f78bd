import { safeLink, type NotificationPayload } from '@gatepipe/client'
import { shallowRef, type ShallowRef } from 'vue'
import type { Api } from './api.js'
import type { Shared } from './gatepipe.js'
import { isEnded } from './phase.js'

/** Most rows that a list may ask for. */
const MOST_OF_A_PAGE = 100
/** Most rows that pushes leave in a page that stays open; older ones are loaded again when they are wanted. */
const MOST_KEPT = 1_000
/** How often a list and a count that do not belong together are asked for again. */
const MOST_TRIES = 5

/** The user's notifications, the same for all components of an application. No call rejects: each says whether it succeeded. */
export interface Inbox {
  /** Newest first. Titles and contents are text, and links are harmless. */
  readonly items: Readonly<ShallowRef<readonly NotificationPayload[]>>
  readonly unread: Readonly<ShallowRef<number>>
  /** There are older ones than those in `items`. */
  readonly hasMore: Readonly<ShallowRef<boolean>>
  /** Why the last call failed; `null` when it succeeded. */
  readonly lastError: Readonly<ShallowRef<Error | null>>
  /** Loads as many as are there, and the count. Happens by itself whenever the connection is ready. */
  refresh(): Promise<boolean>
  loadMore(): Promise<boolean>
  markRead(ids: number | readonly number[]): Promise<boolean>
  markAllRead(): Promise<boolean>
  /** Somebody looks at it, until the answer is called. */
  open(pageSize: number | undefined): () => void
}

export function createInbox({ client, api }: Shared): Inbox {
  const items = shallowRef<readonly NotificationPayload[]>([])
  const unread = shallowRef(0)
  const hasMore = shallowRef(false)
  const lastError = shallowRef<Error | null>(null)
  let pageSize = 20
  let lookers = 0
  /** The list was loaded, or is about to be. */
  let loaded = false
  /** The newest id of what was loaded: whatever is not above it stands in the list and in the count. */
  let top = 0
  /** Another user has another one. */
  let era = 0
  /** The load that counts: what an older one brings comes too late. */
  let load = 0
  let lastUid = client.status.uid

  const attempt = async (work: (api: Api) => Promise<unknown>) => {
    const mine = era
    let error: Error | null = null
    try {
      if (!api) throw new Error('@gatepipe/vue: useNotifications() needs createGatepipe({ request })')
      await work(api)
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
    if (mine === era) lastError.value = error
    return !error
  }
  const refresh = async () => {
    loaded = true
    const done = await attempt(async ({ list, unreadCount }) => {
      const mine = (load += 1)
      const limit = Math.min(Math.max(pageSize, items.value.length), MOST_OF_A_PAGE)
      let page = await list({ limit })
      let count = countUnread(page.list)
      for (let tries = 0, before; page.next_cursor !== null && tries < MOST_TRIES && before !== JSON.stringify(page); tries += 1) {
        // Unless something came or was read in between, the count belongs to the page.
        before = JSON.stringify(page)
        count = (await unreadCount()).count
        page = await list({ limit })
      }
      if (mine !== load) return
      const newest = page.list[0]?.id ?? 0
      const later = items.value.filter(({ id }) => id > newest)
      top = newest
      items.value = [...later, ...page.list.map(harmless)]
      unread.value = count + countUnread(later)
      hasMore.value = page.next_cursor !== null
    })
    // Unless it was forgotten meanwhile.
    loaded = loaded && done
    return done
  }
  /** These have been read, or all. */
  const applyRead = (ids?: readonly number[]) => {
    const before = countUnread(items.value)
    items.value = items.value.map((row) => (!ids || ids.includes(row.id) ? { ...row, is_read: true } : row))
    unread.value = Math.max(unread.value + countUnread(items.value) - before, 0)
    // Only the server knows whether one that is not here was unread, and whether one has come since all were read.
    if (!ids || ids.some((id) => items.value.every((row) => row.id !== id))) void refresh()
  }
  const mark = (ids?: readonly number[]) =>
    attempt(async ({ read }) => {
      const mine = era
      await read(ids)
      if (mine === era) applyRead(ids)
    })
  const clear = () => {
    era += 1
    load += 1
    top = unread.value = 0
    loaded = hasMore.value = false
    items.value = []
    lastError.value = null
  }

  client.on('notification', ({ data }) => {
    const id = data?.id
    // Business code may push this type too; what has no number of the inbox does not stand there.
    // Of each number the client tells once, with a harmless link.
    if (!Number.isSafeInteger(id) || id <= top) return
    const all = [data, ...items.value].sort((a, b) => b.id - a.id)
    items.value = all.slice(0, MOST_KEPT)
    hasMore.value = hasMore.value || all.length > MOST_KEPT
    if (!data.is_read) unread.value += 1
  })
  client.on('notification_read', ({ data }) => {
    const { ids, all } = { ...data } as { ids?: readonly number[]; all?: boolean }
    if (all) applyRead()
    else if (Array.isArray(ids)) applyRead(ids)
  })
  client.onStatus(({ phase, uid }, before) => {
    // What one user was told is not for the next.
    if (isEnded(phase) || (uid && lastUid && uid !== lastUid)) clear()
    lastUid = uid ?? lastUid
    if (phase !== 'ready' || before.phase === phase) return
    loaded = false
    if (lookers) void refresh()
  })

  return {
    items,
    unread,
    hasMore,
    lastError,
    refresh,
    async loadMore() {
      const last = items.value[items.value.length - 1]
      if (!last) return refresh()
      return attempt(async ({ list }) => {
        const mine = load
        const page = await list({ before_id: last.id, limit: pageSize })
        // Another call may have brought the same ones.
        if (mine !== load || last.id !== items.value[items.value.length - 1]?.id) return
        items.value = [...items.value, ...page.list.map(harmless)]
        hasMore.value = page.next_cursor !== null
      })
    },
    markRead: (ids) => mark(([] as number[]).concat(ids)),
    markAllRead: () => mark(),
    open(size) {
      pageSize = size ?? pageSize
      lookers += 1
      if (!loaded) void refresh()
      return () => {
        lookers -= 1
        // Whoever looks next may be another user.
        if (!lookers && isEnded(client.status.phase)) clear()
      }
    },
  }
}

function countUnread(rows: readonly NotificationPayload[]): number {
  return rows.filter((row) => !row.is_read).length
}

function harmless(row: NotificationPayload): NotificationPayload {
  return { ...row, link: safeLink(row.link) }
}
