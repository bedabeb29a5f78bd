import { useWebSocket } from '@gatepipe/vue'
import { watch } from 'vue'
import { session } from '../session.js'

/** Holds the connection while the layout is there, and ends the login when the server or another tab ends the connection for good. */
export function useLiveConnection(): { signOut: () => void } {
  const { status, logout, connect } = useWebSocket()
  // Whoever gets here has logged in, even in the very moment after another login was ended for good.
  connect()

  watch(status, ({ phase, reason }, before) => {
    if (phase === before.phase) return
    if (phase === 'forced_offline') session.end({ why: 'forced', reason })
    else if (phase === 'denied') session.end({ why: 'expired', reason: '' })
    else if (phase === 'closed' && reason === 'logout') session.end({ why: 'left', reason: '' })
  })

  return {
    /** Leaves, in all tabs. */
    signOut() {
      logout()
      session.end({ why: 'left', reason: '' })
    },
  }
}
