import type { Bell } from './bell.js'
import { useShared } from './gatepipe.js'
import type { Inbox } from './inbox.js'
import { atEnd, whenMounted } from './scope.js'

export interface UseNotificationsOptions {
  /** How many rows to load at a time, 1 to 100; the component that comes last decides for all. Default: 20. */
  pageSize?: number
  /** Urgent ones ring in the browser too while the page is hidden, once the user has agreed (`askPermission`). Default: `false`. */
  system?: boolean
}

export type Notifications = Omit<Inbox, 'open' | 'clear'> & Pick<Bell, 'permission' | 'askPermission'>

/** The user's notifications. All components of an application see the same ones. */
export function useNotifications({ pageSize, system = false }: UseNotificationsOptions = {}): Notifications {
  const shared = useShared()
  const inbox = shared.inbox()
  const bell = shared.bell()
  whenMounted(() => {
    bell.look()
    inbox.open(pageSize)
  })
  if (system) atEnd(bell.use())
  const { items, unread, hasMore, lastError, refresh, loadMore, markRead, markAllRead } = inbox
  const { permission, askPermission } = bell
  return { items, unread, hasMore, lastError, refresh, loadMore, markRead, markAllRead, permission, askPermission }
}
