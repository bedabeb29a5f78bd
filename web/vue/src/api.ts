import type { ClientOptions, NotificationPayload } from '@gatepipe/client'
import type { Params, Requester } from './options.js'

/** A page of `/Notification/list`. */
export interface ListPage {
  readonly list: readonly NotificationPayload[]
  /** Where the next page begins, or `null` when this was the last. */
  readonly next_cursor: number | null
}

/** The routes that a page needs. */
export interface Api {
  readonly bind: NonNullable<ClientOptions['bind']>
  list(params: Params, signal?: AbortSignal): Promise<ListPage>
  unreadCount(): Promise<{ count: number }>
  /** Marks these as read, or all. */
  read(ids?: readonly number[]): Promise<unknown>
}

export function createApi(request: Requester, base: string): Api {
  const notification = `${base}/Notification/`
  return {
    // The answer goes on as it came: the client looks for its status.
    bind: (client_id, signal) => request.post(`${base}/WebSocket/bind`, { client_id }, { signal }),
    list: async (params, signal) => unwrap(await request.get(`${notification}list`, { params, ...(signal && { signal }) })),
    unreadCount: async () => unwrap(await request.get(`${notification}unreadCount`, {})),
    read: async (ids) => unwrap(await request.post(notification + (ids ? 'read' : 'readAll'), { ids })),
  }
}

/** The answer itself, out of a response and the envelope `{code, msg, data}`, whichever of them the caller has left on. */
function unwrap<T>(answer: unknown): T {
  let value = answer as { data?: unknown; msg?: unknown } | null | undefined
  let msg: unknown = 'no answer'
  while (value && 'data' in value) {
    msg = value.msg
    value = value.data as typeof value
  }
  // A refusal has no data. Most callers reject it; who does not is rejected here.
  if (!value) throw new Error(String(msg))
  return value as T
}
