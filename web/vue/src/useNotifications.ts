import { createBell, type Bell } from './bell.js'
import { useShared } from './gatepipe.js'
import { createInbox, type Inbox } from './inbox.js'
import { whileMounted } from './scope.js'

export interface UseNotificationsOptions {
  /** How many rows to load at a time, 1 to 100; the component that comes last decides for all. Default: 20. */
  pageSize?: number
  /** Urgent ones ring in the browser too while the page is hidden, once the user has agreed (`askPermission`). Default: `false`. */
  system?: boolean
}

export type Notifications = Omit<Inbox, 'open'> & Pick<Bell, 'permission' | 'askPermission'>

/** The user's notifications. All components of an application see the same ones. */
export function useNotifications({ pageSize, system = false }: UseNotificationsOptions = {}): Notifications {
  const { one } = useShared()
  const { open, ...inbox } = one(createInbox)
  const { permission, askPermission, look, use } = one(createBell)
  whileMounted(() => {
    look()
    const leave = [open(pageSize), ...(system ? [use()] : [])]
    return () => leave.forEach((one) => one())
  })
  return { ...inbox, permission, askPermission }
}
