import type { Phase, Role, Status } from './types.js'

export const IDLE: Status = { phase: 'idle', role: 'solo', attempt: 0, retryAt: null, clientId: '', uid: null, code: 0, reason: '' }

/** Where only `connect()` leads on. */
export type Ended = 'forced_offline' | 'denied' | 'closed'

/** Everything that changes a page's state. */
export type StateEvent =
  /** The page wants a connection: a new series of attempts. */
  | { type: 'connect' }
  /** An attempt begins. */
  | { type: 'attempt' }
  | { type: 'init'; clientId: string }
  | { type: 'bound'; uid: number | null }
  /** The bind has held long enough to count as a success. */
  | { type: 'held' }
  /** The connection ended; `retryAt` is when to come back, if there is an attempt left. */
  | { type: 'lost'; code: number; reason: string; retryAt: number; limit: number }
  /** The machine is offline; a socket may still be there. */
  | { type: 'offline' }
  /** The machine is online again and the socket is still there. */
  | { type: 'online' }
  /** Nothing but `connect()` leads on from here. */
  | { type: 'ended'; phase: Ended; code: number; reason: string }
  | { type: 'role'; role: Role }
  /** What the tab with the socket says. */
  | { type: 'mirror'; status: Status }

const LIVE: readonly Phase[] = ['connecting', 'binding', 'ready']

/** Whether only `connect()` leads on. */
export function isEnded(phase: Phase): boolean {
  return phase === 'idle' || phase === 'forced_offline' || phase === 'denied' || phase === 'closed'
}

/** The state after an event. Pure; an event that does not fit changes nothing, and then the very same value comes back. */
export function reduce(status: Status, event: StateEvent): Status {
  const { phase } = status
  const gone = { clientId: '', uid: null, retryAt: null }
  switch (event.type) {
    case 'connect':
      return replaced(status, { ...IDLE, role: status.role, phase: 'connecting' })
    case 'attempt': {
      if (isEnded(phase) || LIVE.includes(phase)) return status
      return { ...status, ...gone, phase: 'connecting', attempt: phase === 'exhausted' ? 0 : status.attempt }
    }
    case 'init':
      return phase === 'connecting' ? { ...status, phase: 'binding', clientId: event.clientId } : status
    case 'bound':
      return phase === 'binding' ? { ...status, phase: 'ready', uid: event.uid, code: 0, reason: '' } : status
    case 'held':
      return (phase === 'ready' || phase === 'paused') && status.attempt > 0 ? { ...status, attempt: 0 } : status
    case 'lost': {
      if (!LIVE.includes(phase) && phase !== 'paused') return status
      const { code, reason } = event
      if (status.attempt >= event.limit) return { ...status, ...gone, phase: 'exhausted', code, reason }
      return { ...status, ...gone, phase: 'waiting', attempt: status.attempt + 1, retryAt: event.retryAt, code, reason }
    }
    case 'offline':
      if (phase === 'ready') return { ...status, phase: 'paused' }
      if (isEnded(phase) || (phase === 'paused' && !status.clientId)) return status
      return { ...status, ...gone, phase: 'paused', attempt: phase === 'exhausted' ? 0 : status.attempt }
    case 'online':
      return phase === 'paused' && status.clientId ? { ...status, phase: 'ready' } : status
    case 'ended':
      return isEnded(phase) ? status : { ...status, ...gone, phase: event.phase, code: event.code, reason: event.reason }
    case 'role':
      return status.role === event.role ? status : { ...status, role: event.role }
    case 'mirror':
      return isEnded(phase) ? status : replaced(status, { ...event.status, role: status.role })
  }
}

/** The very same value when nothing in it is different. */
function replaced(before: Status, after: Status): Status {
  return (Object.keys(after) as (keyof Status)[]).some((key) => after[key] !== before[key]) ? after : before
}
