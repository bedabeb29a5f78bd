/** To whom something is pushed. */
export type Target = { kind: 'client'; client: string } | { kind: 'user'; uid: number } | { kind: 'group'; group: string } | { kind: 'everyone' }

export type TargetKind = Target['kind']

/** What was typed into the field of this kind of target; `null` when it is none. */
export function readTarget(kind: TargetKind, typed: string): Target | null {
  const text = typed.trim()
  switch (kind) {
    case 'everyone':
      return { kind }
    case 'client':
      return /^[0-9a-f]{40}$/.test(text) ? { kind, client: text } : null
    case 'user': {
      const uid = /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN
      return Number.isSafeInteger(uid) ? { kind, uid } : null
    }
    case 'group': {
      const { length } = new TextEncoder().encode(text)
      return length >= 1 && length <= 255 ? { kind, group: text } : null
    }
  }
}

/** The types that only Gatepipe itself sends. */
const RESERVED = ['init', 'ping', 'pong', 'bind_success', 'force_offline', 'reconnect']

/** What is wrong with the type of a message: it is missing, or kept for Gatepipe itself. */
export function wrongType(type: string): 'missing' | 'reserved' | null {
  if (!type.trim()) return 'missing'
  return RESERVED.includes(type.trim()) ? 'reserved' : null
}

/** Where JSON goes wrong, as the browser tells it; `null` when it is right. */
export function wrongJson(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The same JSON with a line for each member; what is none stays as it is. */
export function prettyJson(text: string): string {
  return wrongJson(text) === null ? JSON.stringify(JSON.parse(text), null, 2) : text
}

/** Messages to begin with. */
export const TEMPLATES = {
  notification: { type: 'notification', data: { title: 'Deploy at 18:00', content: 'Please save your work', level: 'urgent', notification_type: 'warning', link: '' } },
  refresh: { type: 'refresh', data: { page: 'orders' } },
  empty: { type: 'notification', data: [] },
} as const

export type Template = keyof typeof TEMPLATES

/** From so many receivers on the number has to be typed before it is sent. */
export const MANY = 100
