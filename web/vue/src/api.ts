import type { NotificationPayload } from '@gatepipe/client'
import type { Requester } from './options.js'

/** A page of `/Notification/list`. */
export interface ListPage {
  readonly list: readonly NotificationPayload[]
  /** Where the next page begins, or `null` when this was the last. */
  readonly next_cursor: number | null
}

/** The routes that a page needs. */
export interface Api {
  bind(clientId: string, signal: AbortSignal): Promise<unknown>
  list(params: Record<string, number | boolean>, signal: AbortSignal): Promise<ListPage>
  unreadCount(signal: AbortSignal): Promise<number>
  read(ids: readonly number[], signal: AbortSignal): Promise<unknown>
  readAll(signal: AbortSignal): Promise<unknown>
}

export function createApi(request: Requester, base = '/api/admin'): Api {
  const get = async <T>(path: string, params: Record<string, number | boolean>, signal: AbortSignal) =>
    unwrap(await request.get(`${base}/Notification/${path}`, { params, signal })) as T
  const post = async (path: string, body: object, signal: AbortSignal) => unwrap(await request.post(`${base}/Notification/${path}`, body, { signal }))
  return {
    // As it came: the client looks for its status.
    bind: (client_id, signal) => request.post(`${base}/WebSocket/bind`, { client_id }, { signal }),
    list: (params, signal) => get('list', params, signal),
    unreadCount: async (signal) => (await get<{ count: number }>('unreadCount', {}, signal)).count,
    read: (ids, signal) => post('read', { ids }, signal),
    readAll: (signal) => post('readAll', {}, signal),
  }
}

/** The answer itself, out of a response and the envelope `{code, msg, data}`, whichever of them the caller has left on. */
function unwrap(answer: unknown): unknown {
  let value = answer as { data?: unknown; msg?: unknown } | null | undefined
  let msg: unknown
  while (value && 'data' in value) {
    msg = value.msg
    value = value.data as typeof value
  }
  // A refusal whose caller rejects nothing has no data.
  if (!value) throw new Error(String(msg))
  return value
}
