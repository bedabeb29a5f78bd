import { newKey } from '@gatepipe/pages-kit/newKey'
import { BASE } from '@gatepipe/pages-kit/session'
import type { Failed } from '../api/api.js'
import { number } from '../format.js'
import { done, type Outcome } from '../components/useAction.js'
import { api, session } from '../session.js'
import { t } from '../texts/texts.js'
import { bodyOf, type Message } from './commands.js'
import type { Target } from './message.js'

interface Receipt {
  reached: number
  failed: Failed[]
}

/** How many connections would hear it now. */
export function estimate(target: Target, signal?: AbortSignal): Promise<{ clients: number; failed: Failed[] }> {
  const to = target.kind === 'client' ? { client_id: target.client } : target.kind === 'user' ? { uid: target.uid } : target.kind === 'group' ? { group: target.group } : {}
  return api.get('/WebSocket/estimate', to, signal)
}

/** Pushes, and tells what became of it. */
export async function push(target: Target, message: Message): Promise<Outcome> {
  const began = performance.now()
  const path = { client: '/Client/push', user: '/WebSocket/pushToUser', group: '/Group/push', everyone: '/WebSocket/broadcast' }[target.kind]
  const headers = { 'content-type': 'application/json', ...(target.kind === 'everyone' ? { 'idempotency-key': newKey() } : {}) }
  // As text: the data is sent as it was written.
  const body = new Blob([bodyOf(target, message)], { type: 'application/json' })
  const { data } = await session.request.post<Receipt>(BASE + path, body, { headers, signal: AbortSignal.timeout(30_000) })
  const ms = Math.round(performance.now() - began)
  return done(t('send.reached', { reached: number(data.reached), ms }), data.failed, data.reached ? '' : t('send.nobody'))
}
