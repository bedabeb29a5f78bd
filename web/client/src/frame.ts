import type { Envelope } from './types.js'

/** What the gateway reads as a sign of life, and answers with `pong`. */
export const PING = '{"type":"ping"}'

/** A frame of the client wire: `init` carries its `client_id` beside the type. */
export interface Frame extends Envelope {
  client_id?: unknown
}

/** Reads one frame. `null` for what is none: not text, not JSON, not an object with a `type` that is text. */
export function readFrame(text: unknown): Frame | null {
  if (typeof text !== 'string') return null
  try {
    const frame: unknown = JSON.parse(text)
    return typeof field(frame, 'type') === 'string' ? (frame as Frame) : null
  } catch {
    return null
  }
}

/** A field of something that came from outside; `undefined` when it is no object or has no such field. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
