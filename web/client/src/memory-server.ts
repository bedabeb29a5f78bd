import { PING } from './frame.js'
import type { Environment } from './environment.js'
import type { CatchUpPage, NotificationPayload } from './types.js'

/** One connection as the server sees it. */
export interface MemoryClient {
  readonly clientId: string
  readonly url: string
  /** The user it is bound to. */
  readonly uid: number | null
  /** Frames that came from the page, pings included. */
  readonly received: readonly string[]
  /** Sends this text as it is, whatever it is. */
  sendText(text: string): void
  close(code: number, reason?: string): void
  /** Gone without a close frame: 1006. */
  cut(): void
}

/** A gateway and an api in memory: give `WebSocket` to `environment`, `bind` and `catchUp` to the client. */
export interface MemoryServer {
  readonly WebSocket: NonNullable<Environment['WebSocket']>
  /** Whose token the page has. */
  uid: number
  /** Refuses every new connection while `false`. */
  up: boolean
  /** Takes connections and then says nothing at all while `true`: no `init`, no `pong`. */
  mute: boolean
  /** The HTTP status of the next binds; 200 binds. */
  bindStatus: number
  /** Connections that are there, oldest first. */
  readonly clients: readonly MemoryClient[]
  /** How many connections were tried, refused ones included. */
  readonly attempts: number
  /** How often a page asked to be bound. */
  readonly binds: number
  /** Which `afterId`s pages asked for. */
  readonly catchUps: readonly (number | null)[]
  bind(clientId: string, signal?: AbortSignal): Promise<unknown>
  catchUp(afterId: number | null, signal?: AbortSignal): Promise<CatchUpPage>
  /** To every connection; answers how many it reached. */
  push(type: string, data: unknown): number
  /** Stores a notification, and pushes it to the bound connections unless `pushed` is `false`. */
  notify(notification?: Partial<NotificationPayload>, pushed?: boolean): NotificationPayload
  forceOffline(reason: string): void
  /** Every page is told to come back within so many milliseconds, and closed with 1012. */
  drain(withinMs: number): void
  close(code: number, reason?: string): void
  cut(): void
}

/** Answers a bind that is refused, as HTTP callers throw it. */
export class MemoryRefusal extends Error {
  constructor(readonly status: number) {
    super(`the server answered ${status}`)
  }
}

/** Starts one. It answers between two of the page's tasks, so that fake timers and real ones do. */
export function createMemoryServer(): MemoryServer {
  const rows: NotificationPayload[] = []
  const clients: Connection[] = []
  const server = { uid: 1, up: true, mute: false, bindStatus: 200, attempts: 0, binds: 0, catchUps: [] as (number | null)[] }

  class Connection implements MemoryClient {
    readonly clientId = String(server.attempts).padStart(40, '0')
    readonly received: string[] = []
    uid: number | null = null
    readyState = 0
    onopen: (() => void) | null = null
    onmessage: ((event: { data: string }) => void) | null = null
    onclose: ((event: { code: number; reason: string }) => void) | null = null

    constructor(readonly url: string) {
      server.attempts += 1
      const { up } = server
      soon(() => {
        if (this.readyState > 1) return
        if (!up) return this.cut()
        this.readyState = 1
        clients.push(this)
        this.onopen?.()
        if (!server.mute) this.sendText(JSON.stringify({ type: 'init', client_id: this.clientId }))
      })
    }

    /** The page's side of it. */
    send(text: string): void {
      this.received.push(text)
      if (text === PING && !server.mute) soon(() => this.sendText('{"type":"pong"}'))
    }

    sendText(text: string): void {
      if (this.readyState === 1) this.onmessage?.({ data: text })
    }

    close(code = 1000, reason = ''): void {
      if (this.readyState === 3) return
      this.readyState = 3
      const at = clients.indexOf(this)
      if (at >= 0) clients.splice(at, 1)
      soon(() => this.onclose?.({ code, reason }))
    }

    cut(): void {
      this.close(1006)
    }
  }

  const each = (act: (client: Connection) => void) => {
    const those = [...clients]
    those.forEach(act)
    return those.length
  }
  const frame = (type: string, data: unknown) => JSON.stringify({ type, data })

  return Object.assign(server, {
    // What a client uses of a WebSocket is all there.
    WebSocket: Connection as unknown as MemoryServer['WebSocket'],
    clients,
    async bind(clientId: string) {
      server.binds += 1
      await Promise.resolve()
      const client = clients.find((client) => client.clientId === clientId)
      const status = client ? server.bindStatus : 404
      if (!client || status >= 400) throw new MemoryRefusal(status)
      client.uid = server.uid
      client.sendText(frame('bind_success', { uid: server.uid }))
      return { bound: true }
    },
    async catchUp(afterId: number | null) {
      server.catchUps.push(afterId)
      await Promise.resolve()
      const later = rows.filter(({ id }) => id > (afterId ?? 0))
      const list = later.slice(0, 100)
      return { list, next_cursor: later.length > list.length ? (list[list.length - 1]?.id ?? null) : null }
    },
    push: (type: string, data: unknown) => each((client) => client.sendText(frame(type, data))),
    notify(notification: Partial<NotificationPayload> = {}, pushed = true) {
      const row: NotificationPayload = {
        id: rows.length + 1,
        title: 'A title',
        content: '',
        level: 'urgent',
        notification_type: 'info',
        link: '',
        created_at: '2026-11-23 20:52:00',
        created_at_ms: 1_795_467_120_000,
        ...notification,
      }
      rows.push(row)
      if (pushed) each((client) => client.uid !== null && client.sendText(frame('notification', row)))
      return row
    },
    forceOffline(reason: string) {
      each((client) => {
        client.sendText(frame('force_offline', { reason }))
        client.close(4001, reason)
      })
    },
    drain(withinMs: number) {
      each((client) => {
        client.sendText(frame('reconnect', { within_ms: withinMs }))
        client.close(1012, 'draining')
      })
    },
    close: (code: number, reason?: string) => void each((client) => client.close(code, reason)),
    cut: () => void each((client) => client.cut()),
  })
}


function soon(then: () => void): void {
  void Promise.resolve().then(then)
}
