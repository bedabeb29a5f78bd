import type { Envelope, GatepipeMessages } from '@gatepipe/client'
import { useShared } from './gatepipe.js'
import { atEnd } from './scope.js'

/**
 * Hears messages of one type, at once and wherever it is called. Within a component it stops with it; the answer stops it too, and may be called
 * twice.
 */
export function onWsMessage<K extends keyof GatepipeMessages>(type: K, handler: (message: Envelope<K, GatepipeMessages[K]>) => void): () => void
export function onWsMessage<D = unknown>(type: string, handler: (message: Envelope<string, D>) => void): () => void
export function onWsMessage(type: string, handler: (message: Envelope<string, never>) => void): () => void {
  const off = useShared().client.on(type, handler as (message: Envelope) => void)
  atEnd(off)
  return off
}
