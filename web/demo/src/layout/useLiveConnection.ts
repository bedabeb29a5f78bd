import { useWebSocket } from '@gatepipe/vue'
import { ElNotification, type NotificationHandle } from 'element-plus'
import 'element-plus/es/components/notification/style/css'
import { onScopeDispose, watch } from 'vue'
import { toastOffset } from '../notifications/toastPlace.js'
import { session } from '../session/session.js'
import { t } from '../texts/texts.js'

/** Holds the connection while the layout is there, and ends the login when the server or another tab ends the connection for good. */
export function useLiveConnection(): { signOut: () => void } {
  const { status, logout, connect } = useWebSocket()
  // Whoever gets here has logged in, even in the very moment after another login was ended for good.
  connect()
  let lost: NotificationHandle | null = null
  onScopeDispose(() => lost?.close())

  watch(status, ({ phase, reason, role }, before) => {
    if (phase === before.phase) return
    lost?.close()
    lost = null
    if (phase === 'forced_offline') session.end({ why: 'forced', reason })
    else if (phase === 'denied') session.end({ why: 'expired', reason: '' })
    else if (phase === 'closed' && reason === 'logout') session.end({ why: 'left', reason: '' })
    else if (phase === 'exhausted' && role !== 'follower') lost = tellLost()
  })

  return {
    /** Leaves, in all tabs. */
    signOut() {
      logout()
      session.end({ why: 'left', reason: '' })
    },
  }
}

/** Once for all tabs; each says it in its header too, with a button. */
function tellLost(): NotificationHandle {
  return ElNotification({
    type: 'error',
    title: t('connection.lostTitle'),
    message: t('connection.lost'),
    duration: 0,
    offset: toastOffset(),
    customClass: 'toast',
  })
}
