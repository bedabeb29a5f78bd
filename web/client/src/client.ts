import { RETRY } from './backoff.js'
import { createEmitter } from './emitter.js'
import { environment } from './environment.js'
import type { Frame } from './frame.js'
import { createInbox, notificationId } from './inbox.js'
import { createLife, type Life } from './life.js'
import { safeLink } from './link.js'
import { IDLE, isEnded, reduce, type StateEvent } from './state.js'
import { tellLogout } from './tabs.js'
import type { ClientOptions, Envelope, GatepipeMessages, NotificationPayload, Status } from './types.js'

/** One page's connection to Gatepipe: comes back by itself, shares one socket among the tabs, and misses no notification. */
export class GatepipeClient<M extends object = GatepipeMessages> {
  private state = IDLE
  private life: Life | undefined
  /** Gives up the place among the tabs that a life which the server ended still has. */
  private leave: (() => void) | undefined
  private identity: string | null = null
  private uid: number | null = null
  private readonly inbox = createInbox()
  private readonly messages = createEmitter<[Envelope]>()
  private readonly statuses = createEmitter<[Status, Status]>()

  constructor(private readonly options: ClientOptions = {}) {
    this.onStatus((now, before) => {
      const vain = now.phase === 'exhausted' && before.phase !== 'exhausted'
      if (vain && now.role !== 'follower') options.onExhausted?.(now)
    })
  }

  /** Where the page stands now. */
  get status(): Status {
    return this.state
  }

  /** The id up to which every notification is known, or `null`. */
  get lastId(): number | null {
    return this.inbox.lastId()
  }

  /** Connects, and stays connected. Does nothing when it is on the way already; also the way on after `forced_offline` and `denied`. */
  connect(): void {
    if (!isEnded(this.state.phase)) return
    const { options, inbox } = this
    const here = environment(options.environment)
    const { WebSocket } = here
    // Rendering on a server: nothing to connect, and nobody to tell.
    if (!WebSocket) return options.log?.('no WebSocket here')
    const identity = options.identity?.() ?? null
    const name = identity === null ? null : String(identity)
    if (name !== this.identity) inbox.forget()
    this.identity = name
    this.leave?.()
    const life = createLife({
      options,
      environment: { ...here, WebSocket },
      retry: { ...RETRY, ...options.retry },
      heartbeat: { everyMs: 30_000, timeoutMs: 10_000, ...options.heartbeat },
      inbox,
      tabsName: options.tabs === 'off' ? null : this.tabsName(),
      status: () => this.state,
      dispatch: (event) => this.dispatch(event),
      deliver: (frame) => this.deliver(frame),
      loggedOut: () => this.disconnect('logout'),
    })
    this.life = life
    this.dispatch({ type: 'connect' })
    if (life === this.life) life.start()
  }

  /** Leaves. Other tabs stay connected. */
  disconnect(reason = 'disconnected'): void {
    this.life?.end()
    this.life = undefined
    this.dispatch({ type: 'role', role: 'solo' })
    this.dispatch({ type: 'ended', phase: 'closed', code: 1000, reason })
  }

  /** The user has logged out: ends this tab and every other tab of the same identity. */
  logout(): void {
    this.disconnect('logout')
    const name = this.tabsName()
    if (name !== null) tellLogout(name, environment(this.options.environment))
  }

  /** Tries now instead of waiting: for a "reconnect" button. */
  retryNow(): void {
    this.life?.retry()
  }

  /** Hears messages of one type. The answer stops it; calling that twice is harmless. */
  on<K extends keyof M & string>(type: K, listener: (message: Envelope<K, M[K]>) => void, options?: { signal?: AbortSignal }): () => void
  on(type: string, listener: (message: Envelope) => void, options?: { signal?: AbortSignal }): () => void
  on(type: string, listener: (message: Envelope<string, never>) => void, { signal }: { signal?: AbortSignal } = {}): () => void {
    const off = this.messages.add(type, listener as (message: Envelope) => void)
    if (signal?.aborted) off()
    signal?.addEventListener('abort', off)
    return off
  }

  /** Hears every message except `pong`. */
  onAny(listener: (message: Envelope) => void): () => void {
    return this.messages.add(null, listener)
  }

  /** Hears of every change of the state. */
  onStatus(listener: (now: Status, before: Status) => void): () => void {
    return this.statuses.add(null, listener)
  }

  /** Sends a frame to the workers behind the gateway. `false`: it was not sent, and nothing keeps it. */
  send(message: Envelope): boolean {
    return this.state.phase === 'ready' && !!this.life?.send(JSON.stringify(message))
  }

  /** Waits until the page is ready. Rejects after `timeoutMs`, and when nothing but `connect()` would lead on. */
  ready(timeoutMs?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const look = (late: boolean) => {
        const { phase, reason } = this.state
        if (phase === 'ready') resolve()
        else if (late || (phase !== 'idle' && isEnded(phase))) reject(new Error(`not ready: ${phase} ${reason}`))
        else return
        off()
        clearTimeout(timer)
      }
      const off = this.onStatus(() => look(false))
      if (timeoutMs !== undefined) timer = setTimeout(look, timeoutMs, true)
      look(false)
    })
  }

  /** Every notification up to `id` is on the page already, say by a list that it loaded: a catch-up begins after it. */
  sawUpTo(id: number): void {
    this.inbox.sawUpTo(id)
  }

  private dispatch(event: StateEvent): void {
    const before = this.state
    const now = reduce(before, event)
    if (now === before) return
    this.state = now
    const { phase, uid } = now
    if (uid !== null && uid !== this.uid) {
      // Numbers of another user's inbox mean nothing here.
      if (this.uid !== null) this.inbox.forget()
      this.uid = uid
    }
    this.life?.changed(phase === before.phase ? null : phase === 'ready')
    if (isEnded(phase)) {
      this.leave = this.life?.farewell()
      this.life = undefined
    }
    this.statuses.emit('', now, before)
  }

  private deliver(frame: Frame): void {
    const id = notificationId(frame)
    if (id !== null) {
      if (!this.inbox.take(id)) return
      const data = frame.data as NotificationPayload
      frame = { ...frame, data: { ...data, link: safeLink(data.link) } }
    }
    this.messages.emit(frame.type, frame)
  }

  private tabsName(): string | null {
    const { url } = this.options
    return this.identity === null ? null : `gatepipe:1:${typeof url === 'string' ? url : ''}:${this.identity}`
  }
}
