import type { Phase } from '@gatepipe/client'

/** The user's token is dead. */
export function isSignedOut(phase: Phase): boolean {
  return phase === 'forced_offline' || phase === 'denied'
}

/** Nothing but `connect()` leads on, for this user or another one. */
export function isEnded(phase: Phase): boolean {
  return isSignedOut(phase) || phase === 'closed'
}
