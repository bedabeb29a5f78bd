import { onWsMessage, useNotifications } from '@gatepipe/vue'
import { ElNotification, type NotificationHandle } from 'element-plus'
import 'element-plus/es/components/notification/style/css'
import { h, onScopeDispose, type VNode } from 'vue'
import { useRouter } from 'vue-router'
import { errorText } from '@gatepipe/pages-kit/errors'
import { t } from '../texts/texts.js'
import { linkTarget } from './link.js'
import { noticeOf, type Notice } from './notice.js'
import { isNarrow, toastOffset } from './toastPlace.js'

/** Most toasts at the same time, on wide and on narrow pages; the others are in the list. */
const MOST = { wide: 4, narrow: 2 }
/** How long one that is not urgent stays, in milliseconds. */
const STAY_MS = 6_000

interface Toast {
  id: number | null
  handle: NotificationHandle | null
}

/** Shows what arrives. Urgent ones stay until they are closed or read, here or elsewhere. Titles and contents are text. */
export function useToasts(): void {
  const router = useRouter()
  // While nobody looks the browser shows the urgent ones, once the user has agreed.
  const { markRead, lastError } = useNotifications({ system: true })
  const open = new Set<Toast>()
  let more: NotificationHandle | null = null
  let hidden = 0

  onWsMessage('notification', (message) => {
    const notice = noticeOf(message)
    if (notice) show(notice)
  })
  onWsMessage('notification_read', ({ data }) => {
    for (const toast of [...open]) {
      if (toast.id !== null && ('all' in data || data.ids.includes(toast.id))) toast.handle?.close()
    }
  })
  onScopeDispose(() => {
    for (const { handle } of [...open]) handle?.close()
    more?.close()
  })

  function show(notice: Notice): void {
    if (open.size >= (isNarrow() ? MOST.narrow : MOST.wide)) return showMore()
    const toast: Toast = { id: notice.id, handle: null }
    toast.handle = ElNotification({
      title: notice.title || t('notifications.untitled'),
      message: body(notice, () => toast.handle?.close()),
      type: notice.kind,
      duration: notice.urgent ? 0 : STAY_MS,
      offset: toastOffset(),
      customClass: 'toast',
      onClose: () => open.delete(toast),
    })
    open.add(toast)
  }

  /** One toast for all that have no place. */
  function showMore(): void {
    const count = hidden + 1
    more?.close()
    hidden = count
    more = ElNotification({
      title: t('notifications.moreToasts', { count }),
      message: link(router.resolve({ name: 'notifications' }).href, t('menu.notifications'), () => more?.close()),
      type: 'warning',
      duration: 0,
      offset: toastOffset(),
      customClass: 'toast',
      onClose: () => (hidden = 0),
    })
  }

  function body({ id, content, urgent, link: to }: Notice, close: () => void): VNode {
    const target = linkTarget(to, router)
    const read = async () => {
      close()
      if (id === null || (await markRead(id)) || !lastError.value) return
      ElNotification.error(t('notifications.readFailed', { error: errorText(lastError.value) }))
    }
    const actions = [
      ...(target ? [link(target.href, t('notifications.open'), () => void read(), target.kind === 'elsewhere')] : []),
      ...(urgent ? [h('button', { type: 'button', onClick: read }, t(id === null ? 'notifications.close' : 'notifications.read'))] : []),
    ]
    return h('div', [h('p', { class: 'toast-content' }, content), ...(actions.length ? [h('p', { class: 'toast-actions' }, actions)] : [])])
  }

  function link(href: string, text: string, onClick: () => void, elsewhere = false): VNode {
    return h('a', { href, onClick, ...(elsewhere ? { target: '_blank', rel: 'noopener noreferrer' } : {}) }, text)
  }
}
