/** How long the answer to a ping may take when somebody has just come back to the page. */
export const PROBE_MS = 3_000
/** A timer that runs this much too late tells of a machine that slept or a page that was held back, not of a dead connection. */
const LATE_MS = 1_000

export interface Heartbeat {
  /** Something arrived: whatever it is, it is a sign of life. */
  heard(): void
  /** Asks now, unless an answer is awaited already. */
  probe(withinMs: number): void
  /** Asks if nothing has come for a period: for a page whose own timers rest. */
  beat(): void
  /** Whether to ask by itself after each period of silence. */
  run(running: boolean): void
  stop(): void
}

/** Asks after silence, and tells of a connection that does not answer. One timer, judged by a clock that nobody sets. */
export function createHeartbeat(
  { everyMs, timeoutMs }: { everyMs: number; timeoutMs: number },
  now: () => number,
  ping: () => void,
  dead: () => void,
): Heartbeat {
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let heardAt = now()
  /** When the unanswered ping was sent. */
  let askedAt: number | null = null
  let dueAt = 0

  const arm = (ms: number, then: () => void) => {
    clearTimeout(timer)
    dueAt = now() + ms
    timer = setTimeout(then, ms)
  }
  const ask = (withinMs: number, again: boolean) => {
    askedAt = now()
    arm(withinMs, () => {
      if (!again && now() - dueAt > LATE_MS) ask(PROBE_MS, true)
      else dead()
    })
    ping()
  }
  const rest = () => {
    clearTimeout(timer)
    if (running) arm(Math.max(heardAt + everyMs - now(), 0), beat)
  }
  const beat = () => {
    if (askedAt !== null) return
    if (now() - heardAt >= everyMs) ask(timeoutMs, false)
    else rest()
  }
  return {
    heard() {
      heardAt = now()
      if (askedAt === null) return
      askedAt = null
      rest()
    },
    probe(withinMs) {
      if (askedAt === null) ask(withinMs, false)
    },
    beat,
    run(wanted) {
      running = wanted
      // What was asked is judged even in a page that went out of sight meanwhile.
      if (askedAt === null) rest()
    },
    stop() {
      running = false
      askedAt = null
      clearTimeout(timer)
    },
  }
}
