import { safeLink } from '@gatepipe/client'
import { shallowRef, type ShallowRef } from 'vue'
import type { Shared } from './gatepipe.js'

/** Whether the browser may show notifications; `unsupported` on insecure origins and where there are none. */
export type Permission = NotificationPermission | 'unsupported'

/** Notifications of the browser, for urgent ones that arrive while nobody looks at the page. */
export interface Bell {
  readonly permission: Readonly<ShallowRef<Permission>>
  /** Asks the user; only from within a click or a key, where browsers let a page ask. */
  askPermission(): Promise<Permission>
  /** Looks what the permission is now. */
  look(): Permission
  /** Rings, until the answer is called. */
  use(): () => void
}

export function createBell({ client, open = (link) => location.assign(link) }: Shared): Bell {
  const here = globalThis as Partial<typeof globalThis>
  const permission = shallowRef<Permission>('unsupported')
  const look = () => (permission.value = here.Notification?.permission ?? 'unsupported')
  let users = 0

  client.on('notification', ({ data, recovered }) => {
    // One tab of several has the socket, and it is the one that rings.
    if (!users || data?.level !== 'urgent' || client.status.role === 'follower' || !document.hidden || look() !== 'granted') return
    try {
      // Of many that were missed the last one stands for all. Where each tab has a socket, one tag is shown once.
      const shown = new Notification(data.title, { body: data.content, tag: `gatepipe ${recovered ? '' : data.id}` })
      shown.onclick = () => {
        window.focus()
        shown.close()
        const link = safeLink(data.link)
        if (link) open(link)
      }
    } catch {
      // Some browsers show them from service workers only.
    }
  })
  return {
    permission,
    look,
    async askPermission() {
      if (navigator.userActivation?.isActive !== false) await here.Notification?.requestPermission()
      return look()
    },
    use() {
      users += 1
      return () => {
        users -= 1
      }
    },
  }
}
