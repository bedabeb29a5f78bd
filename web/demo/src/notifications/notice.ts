import type { Envelope } from '@gatepipe/client'
import type { Kind } from '../api/types.js'

/** What a toast says. */
export interface Notice {
  /** Its number in the inbox; `null`: it is not stored. */
  id: number | null
  /** Empty when it has none. */
  title: string
  content: string
  kind: Kind
  urgent: boolean
  link: string
}

const KINDS: readonly string[] = ['info', 'success', 'warning', 'error']
/** A push may be 1 MiB; what does not fit is in the list, when it is stored. */
const MOST_CHARACTERS = 280

/**
 * The toast for a message of the type `notification`; `null` when it needs none: what was fetched after a gap rings only when it is urgent.
 * Whoever may push decides what a message holds, so nothing is believed about its shape.
 */
export function noticeOf({ data, recovered }: Envelope<string, unknown>): Notice | null {
  const told = (typeof data === 'object' && data !== null ? data : { content: data }) as Record<string, unknown>
  const urgent = told.level === 'urgent'
  if (recovered && !urgent) return null
  const kind = KINDS.includes(String(told.notification_type)) ? (told.notification_type as Kind) : 'info'
  return {
    id: typeof told.id === 'number' ? told.id : null,
    title: text(told.title),
    content: text(told.content),
    kind,
    urgent,
    link: text(told.link),
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return ''
  const whole = String(value)
  return whole.length > MOST_CHARACTERS ? `${whole.slice(0, MOST_CHARACTERS)}…` : whole
}
