import type { ClientOptions } from '@gatepipe/client'

export type Params = Record<string, number | boolean>

/**
 * The page's own caller over HTTP, as axios is one: its token, tenant and error handling are used. It must reject what is not a success, and may
 * answer the whole response, its body, or the `data` within.
 */
export interface Requester {
  get(url: string, config: { params?: Params; signal?: AbortSignal }): Promise<unknown>
  post(url: string, body: object, config?: { signal?: AbortSignal }): Promise<unknown>
}

/** What an application says once. `bind` and `catchUp` come from `request` unless they are given. */
export interface GatepipeOptions extends ClientOptions {
  /** Without it `bind` and `catchUp` are the application's, and `useNotifications` has nobody to ask. */
  request?: Requester
  /** What stands before `/WebSocket/bind` and the other routes. Default: `/api/admin`. */
  base?: string
  /** Follows the link of a browser notification that was clicked, say with a router. Default: the page goes there. */
  open?: (link: string) => void
}
