import type { Options, Request } from '@gatepipe/pages-kit/request'
import { BASE } from '@gatepipe/pages-kit/session'
import type { Draft, ExportTask, Failed } from './types.js'

/** The routes that this front end calls, each with its answer's `data`. */
export function createApi(request: Request) {
  const get = async <T>(path: string, options?: Options) => (await request.get<T>(BASE + path, options)).data
  const post = async <T>(path: string, body?: unknown, options?: Options) => (await request.post<T>(BASE + path, body, options)).data
  return {
    send: (draft: Draft, key: string) => post<{ ids: number[]; reached: number; failed: Failed[] }>('/Notification/send', draft, keyed(key)),
    push: (uid: number, type: string, data: unknown) => post<{ reached: number; failed: Failed[] }>('/WebSocket/pushToUser', { uid, type, data }),
    broadcast: (type: string, data: unknown, key: string) =>
      post<{ reached: number; failed: Failed[] }>('/WebSocket/broadcast', { type, data }, keyed(key)),
    forceOffline: (uid: number, reason: string) =>
      post<{ closed: number; failed: Failed[] }>('/WebSocket/forceOffline', reason ? { uid, reason } : { uid }),
    createExport: (lines: Blob, key: string, signal: AbortSignal) => post<ExportTask>('/ExportTask/create', lines, { ...keyed(key), signal }),
    exports: (before: number | null, signal?: AbortSignal) =>
      get<{ list: ExportTask[]; next_cursor: number | null }>('/ExportTask/list', { params: { before_id: before, limit: 20 }, signal }),
    showExport: (id: number) => get<ExportTask & { download_url: string | null }>('/ExportTask/show', { params: { id } }),
  }
}

export type Api = ReturnType<typeof createApi>

/** With the same key a request that is sent twice is done once. */
function keyed(key: string): Options {
  return { headers: { 'idempotency-key': key } }
}
