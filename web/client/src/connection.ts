import { bindOnce, isDenied } from './bind.js'
import { delay, type Retry } from './backoff.js'
import { nextAfter, type Next } from './close.js'
import type { Environment } from './environment.js'
import { PING, readFrame, type Frame } from './frame.js'
import { createHeartbeat, PROBE_MS, type Heartbeat } from './heartbeat.js'
import { isVisible } from './page.js'
import type { Ended, StateEvent } from './state.js'
import { openSocket, type Socket } from './transport.js'
import type { ClientOptions, Status } from './types.js'

/** How long opening, then `init`, and then the bind may take, each. */
const STAGE_MS = 10_000
/** A bind that held for this long was a success. */
const HELD_MS = 5_000

/** Whom a connection works for. */
export interface Owner {
  readonly options: ClientOptions
  readonly environment: Environment & { WebSocket: new (url: string) => WebSocket }
  readonly retry: Retry
  readonly heartbeat: { everyMs: number; timeoutMs: number }
  status(): Status
  dispatch(event: StateEvent): void
  heard(frame: Frame): void
}

/** The way of one page to the gateway and back again: one socket at a time, one timer for the next. */
export interface Connection {
  /** Makes sure of the connection, or begins an attempt now if there is none. */
  retry(): void
  /** Somebody or something came back: as `retry`, unless the machine is offline. */
  wake(): void
  /** As `wake`, but a connection that was heard of lately, or a wait that goes on, is left alone. */
  beat(): void
  offline(): void
  /** The page is in sight, or not any more. */
  run(visible: boolean): void
  send(text: string): boolean
  /** Ends everything; says nothing to the owner. */
  stop(): void
}

export function createConnection(owner: Owner): Connection {
  const { options, environment } = owner
  const { now, random } = environment
  let socket: Socket | undefined
  let heartbeat: Heartbeat | undefined
  let binding: AbortController | undefined
  /** Limits the stage on the way up, then waits until the bind has held; while nothing is there, waits for the next attempt. */
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryDue = 0
  /** The server's hint of how wide to spread the return. */
  let withinMs: number | null = null

  const after = (ms: number, then: () => void) => {
    clearTimeout(timer)
    timer = setTimeout(then, ms)
  }
  const stop = () => {
    clearTimeout(timer)
    binding?.abort()
    heartbeat?.stop()
    socket?.close()
    socket = binding = heartbeat = undefined
  }
  const end = (phase: Ended, code: number, reason: string) => {
    stop()
    owner.dispatch({ type: 'ended', phase, code, reason })
  }
  const lost = (code: number, reason: string, next: Next = nextAfter(code)) => {
    if (next === 'stay') return end('forced_offline', code, reason)
    if (next === 'done') return end('closed', code, reason)
    stop()
    if (!environment.onLine()) return owner.dispatch({ type: 'offline' })
    const wait = delay(owner.retry, next, owner.status().attempt, withinMs, random())
    owner.dispatch({ type: 'lost', code, reason, retryAt: Date.now() + wait, limit: owner.retry.limit })
    if (owner.status().phase !== 'waiting') return
    retryDue = now() + wait
    after(wait, open)
  }
  const stage = (what: string) => after(STAGE_MS, () => lost(0, `no ${what} within 10 s`, 'backoff'))

  const open = () => {
    stop()
    withinMs = null
    owner.dispatch({ type: 'attempt' })
    // The owner was told, and may have ended it.
    if (owner.status().phase !== 'connecting') return
    stage('connection')
    heartbeat = createHeartbeat(owner.heartbeat, now, () => socket?.send(PING), () => lost(0, 'no answer to a ping', 'backoff'))
    socket = openSocket(options.url, environment.WebSocket, { open: () => stage('init'), message, close: lost })
  }
  const ready = (uid: number | null) => {
    owner.dispatch({ type: 'bound', uid })
    if (!socket) return
    after(HELD_MS, () => owner.dispatch({ type: 'held' }))
    heartbeat?.run(isVisible(environment))
  }
  const bind = async (clientId: string) => {
    if (!options.bind) return ready(null)
    stage('bind_success')
    const { signal } = (binding = new AbortController())
    const refused = await bindOnce(options.bind, options.refreshToken, clientId, signal)
    // Whoever is bound already by `bind_success` does not care what became of the answer.
    if (!refused || signal.aborted || owner.status().phase !== 'binding') return
    const { status, reason } = refused
    if (isDenied(refused)) end('denied', status, reason)
    else lost(status, reason, 'backoff')
  }
  const message = (text: unknown) => {
    const from = socket
    heartbeat?.heard()
    const frame = readFrame(text)
    if (!frame) return
    const { type } = frame
    if (type === 'pong') return
    if (type === 'init') {
      // A second one, or one without an id: a gateway sends neither.
      if (owner.status().phase !== 'connecting' || typeof frame.client_id !== 'string') return
      owner.dispatch({ type: 'init', clientId: frame.client_id })
      if (from === socket) void bind(frame.client_id)
    }
    const data = frame.data as { within_ms?: unknown; uid?: unknown; reason?: unknown } | null | undefined
    if (type === 'reconnect') withinMs = number(data?.within_ms)
    if (type === 'bind_success' && owner.status().phase === 'binding') ready(number(data?.uid))
    owner.heard(frame)
    // The close frame may not arrive any more; that we were forced offline we know already.
    if (type === 'force_offline' && from === socket) lost(4001, String(data?.reason ?? ''))
  }
  const retry = () => {
    if (!socket) return open()
    owner.dispatch({ type: 'online' })
    if (owner.status().phase !== 'ready') return
    heartbeat?.run(isVisible(environment))
    heartbeat?.probe(PROBE_MS)
  }

  return {
    retry,
    wake() {
      if (environment.onLine()) retry()
    },
    beat() {
      const { phase } = owner.status()
      if (phase === 'ready') heartbeat?.beat()
      // Browsers hold the timers of a hidden page back; another tab that is in sight reminds it.
      else if (phase === 'waiting' && now() >= retryDue) open()
    },
    offline() {
      const { phase } = owner.status()
      if (phase === 'paused') return
      // A bound socket may outlive a change of networks; it is asked when we are online again.
      if (phase === 'ready') heartbeat?.stop()
      else stop()
      owner.dispatch({ type: 'offline' })
    },
    run(visible) {
      if (owner.status().phase === 'ready') heartbeat?.run(visible)
    },
    send: (text) => socket?.send(text) ?? false,
    stop,
  }
}

function number(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? value : null
}
