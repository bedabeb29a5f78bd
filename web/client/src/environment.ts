/** What a client takes from the browser, read only once it connects. */
export interface Environment {
  WebSocket: (new (url: string) => WebSocket) | undefined
  /** Absent on insecure origins. */
  locks: Pick<LockManager, 'request'> | undefined
  BroadcastChannel: (new (name: string) => BroadcastChannel) | undefined
  /** Says `visibilitychange`, `freeze` and `resume`. Absent in workers. */
  document: (EventTarget & Pick<Document, 'visibilityState'>) | undefined
  /** Says `online`, `offline`, `pageshow` and `pagehide`. */
  window: EventTarget | undefined
  onLine: () => boolean
  /** In 0..1. */
  random: () => number
  /** Milliseconds of a clock that nobody sets. */
  now: () => number
}

/** The browser's, with what `replaced` names replaced. */
export function environment(replaced: Partial<Environment> = {}): Environment {
  const here = globalThis as Partial<typeof globalThis>
  return {
    WebSocket: here.WebSocket,
    locks: here.navigator?.locks,
    BroadcastChannel: here.BroadcastChannel,
    document: here.document,
    window: typeof here.addEventListener === 'function' ? (here as EventTarget) : undefined,
    // Only `false` is a statement; Node says nothing.
    onLine: () => here.navigator?.onLine !== false,
    random: Math.random,
    now: () => performance.now(),
    ...replaced,
  }
}
