import { usePages } from '../live/usePages.js'
import { api } from '../session.js'

const LIMIT = 20

/** The caller's own notifications, a page at a time. */
export function useOwnNotifications(onlyUnread: () => boolean) {
  return usePages(async (cursor, signal) => {
    const before_id = cursor === undefined ? undefined : Number(cursor)
    const { list, next_cursor } = await api.get('/Notification/list', { before_id, limit: LIMIT, ...(onlyUnread() ? { is_read: false } : {}) }, signal)
    return { list, next_cursor: next_cursor === null || next_cursor === undefined ? null : String(next_cursor) }
  })
}
