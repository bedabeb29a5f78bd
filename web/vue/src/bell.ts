import { safeLink, type NotificationPayload } from '@gatepipe/client'
import { shallowRef, type ShallowRef } from 'vue'
import type { Shared } from './gatepipe.js'

/** The lock that a tab holds while somebody looks at it. */
const SEEN = 'gatepipe seen'

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
  let told = false

  /** Lets the other tabs know while somebody looks at this one. */
  const tell = () => {
    if (told || document.hidden) return
    told = true
    const hidden = new Promise<void>((resolve) => {
      const turn = () => {
        told = false
        resolve()
      }
      document.addEventListener('visibilitychange', turn, { once: true })
    })
    // Refused where storage is forbidden; then tabs know nothing of each other.
    navigator.locks?.request(SEEN, { mode: 'shared' }, () => hidden).catch(() => {})
  }
  const isSeen = async () => {
    const { held = [] } = (await navigator.locks?.query()) ?? {}
    return held.some(({ name }) => name === SEEN)
  }
  const ring = ({ id, title, content, link }: NotificationPayload, recovered: boolean | undefined) => {
    try {
      // Of many that were missed the last one stands for all. Where each tab has a socket, one tag is shown once.
      const shown = new Notification(title, { body: content, tag: `gatepipe ${recovered ? '' : id}` })
      shown.onclick = () => {
        window.focus()
        shown.close()
        if (safeLink(link)) open(link)
      }
    } catch {
      // Some browsers show them from service workers only.
    }
  }
  client.on('notification', ({ data, recovered }) => {
    // One tab of several has the socket, and it is the one that rings.
    if (!users || data?.level !== 'urgent' || client.status.role === 'follower' || !document.hidden || look() !== 'granted') return
    void isSeen()
      .catch(() => false)
      .then((seen) => seen || ring(data, recovered))
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
      if (users === 1) document.addEventListener('visibilitychange', tell)
      tell()
      return () => {
        users -= 1
        if (!users) document.removeEventListener('visibilitychange', tell)
      }
    },
  }
}
