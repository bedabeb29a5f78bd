import type { Environment } from './environment.js'
import type { Retry } from './backoff.js'

/** One message, as the api and business code push it. */
export interface Envelope<T extends string = string, D = unknown> {
  type: T
  data: D
  /** It was fetched over HTTP after a gap, and not pushed. */
  recovered?: true
}

/** A stored notification, as it is pushed and as `/Notification/list` gives it. */
export interface NotificationPayload {
  /** Its number in the user's own inbox: 1, 2, 3 … */
  id: number
  /** Text, never HTML. */
  title: string
  /** Text, never HTML. */
  content: string
  level: 'normal' | 'urgent'
  notification_type: 'info' | 'success' | 'warning' | 'error'
  /** Empty, `http(s)://…` or a path; anything else that arrives becomes empty. */
  link: string
  created_at: string
  created_at_ms: number
  /** Only in rows of the list. */
  is_read?: boolean
}

/** Which messages there are. Add your own by declaration merging: `declare module '@gatepipe/client' { interface GatepipeMessages { … } }`. */
export interface GatepipeMessages {
  notification: NotificationPayload
  notification_read: { ids: number[] } | { all: true }
  export_progress: { task_id: number; done: number; total: number }
  bind_success: { uid: number }
  force_offline: { reason: string }
  reconnect: { within_ms: number }
}

/**
 * Where a page stands.
 *
 * `idle` before the first `connect()`; `connecting`, `binding`, `ready` on the way up; `waiting` while a retry timer runs; `paused` while the
 * machine is offline; `exhausted` after the last attempt, until something wakes it; `forced_offline`, `denied` and `closed` until `connect()`.
 */
export type Phase =
  | 'idle'
  | 'connecting'
  | 'binding'
  | 'ready'
  | 'waiting'
  | 'paused'
  | 'exhausted'
  | 'forced_offline'
  | 'denied'
  | 'closed'

/** Whose socket it is: the tab's own (`solo`), the tab's and shared (`leader`), or another tab's (`follower`). */
export type Role = 'solo' | 'leader' | 'follower'

/** The one state value. It is replaced, never changed. */
export interface Status {
  readonly phase: Phase
  readonly role: Role
  /** Attempts of this series; 0 again once a bind has held for 5 s. */
  readonly attempt: number
  /** While `waiting`: when the next attempt begins, in epoch milliseconds. */
  readonly retryAt: number | null
  /** Of the socket; empty before `init`. */
  readonly clientId: string
  /** The user it is bound to. */
  readonly uid: number | null
  /** Why the last connection ended: the close code, or the HTTP status of a bind; 0 when there is none. */
  readonly code: number
  readonly reason: string
}

/** A page of rows: what `/Notification/list?after_id=` answers as `data`, or just its rows. */
export type CatchUpPage =
  | readonly NotificationPayload[]
  | { readonly list: readonly NotificationPayload[]; readonly next_cursor: number | null }

export interface ClientOptions {
  /** Where the gateway is: `ws(s)://…`, a path of this origin, or a function that is asked before each attempt. Default: `/ws` of this origin. */
  url?: string | (() => string | Promise<string>)
  /**
   * Binds the socket to the user over HTTP, with the page's own caller (`POST /api/admin/WebSocket/bind`). It must reject when the answer is not
   * a success; an error's `status` or `response.status` tells 401 and 403 from what may pass. Without it the page is ready with `init`.
   */
  bind?: (clientId: string, signal: AbortSignal) => Promise<unknown>
  /** Gets a fresh token, once, after a bind was refused with 401 or 403. Without it such a refusal is final. */
  refreshToken?: (signal: AbortSignal) => Promise<unknown>
  /**
   * Gets what was stored after the last id, oldest first; called on every `ready`, and again while `next_cursor` says there is more.
   * `null`: this page knows of none yet.
   */
  catchUp?: (afterId: number | null, signal: AbortSignal) => Promise<CatchUpPage>
  /** Whose page it is (the user's id), or `null` when nobody is logged in. Tabs share a socket only when this says the same in both. */
  identity?: () => string | number | null
  /** `off`: this tab always has a socket of its own. */
  tabs?: 'auto' | 'off'
  /** Told once for each series of attempts that ended in vain, in the tab that had the socket. */
  onExhausted?: (status: Status) => void
  heartbeat?: Partial<{
    /** Silence before a ping, in milliseconds. 30,000. */
    everyMs: number
    /** How long the answer may take. 10,000. */
    timeoutMs: number
  }>
  retry?: Partial<Retry>
  /** For whoever looks for a fault: what failed and is not told otherwise. Never a payload, never a token. */
  log?: (message: string, error?: unknown) => void
  /** Replaces what is otherwise taken from the browser: for tests and unusual runtimes. */
  environment?: Partial<Environment>
}
