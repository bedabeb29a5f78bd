import { safeLink, type GatepipeClient } from '@gatepipe/client'
import { shallowRef, type ShallowRef } from 'vue'

/** Whether the browser may show notifications; `unsupported` on insecure origins and where there are none. */
export type Permission = NotificationPermission | 'unsupported'

/** Notifications of the browser, for urgent ones that arrive while nobody looks at the page. */
export interface Bell {
  readonly permission: Readonly<ShallowRef<Permission>>
  /** Asks the user; only from within a click or a key, where browsers let a page ask. */
  askPermission(): Promise<Permission>
  /** Looks what the permission is now. */
  look(): void
  /** Rings, until the answer is called. */
  use(): () => void
}

export function createBell(client: GatepipeClient, open: (link: string) => void = (link) => location.assign(link)): Bell {
  const permission = shallowRef<Permission>('unsupported')
  let users = 0
  const look = () => (permission.value = typeof Notification === 'undefined' ? 'unsupported' : Notification.permission)

  client.on('notification', ({ data, recovered }) => {
    // One tab of several has the socket, and it is the one that rings.
    if (!users || data?.level !== 'urgent' || !document.hidden || client.status.role === 'follower' || look() !== 'granted') return
    try {
      // Of many that were missed the last one stands for all; where each tab has a socket, the same tag is shown once.
      const shown = new Notification(String(data.title), { body: String(data.content), tag: `gatepipe ${recovered ? '' : data.id}` })
      shown.onclick = () => {
        window.focus()
        shown.close()
        const link = safeLink(data.link)
        if (link) open(link)
      }
    } catch {
      // Some browsers show them from service workers only.
      permission.value = 'unsupported'
    }
  })

  return {
    permission,
    look,
    async askPermission() {
      if (look() === 'default' && navigator.userActivation?.isActive !== false) await Notification.requestPermission()
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
