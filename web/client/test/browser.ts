import { vi } from 'vitest'
import { GatepipeClient, type ClientOptions, type Envelope, type Status } from '../src/index.js'
import { createMemoryServer, type MemoryServer, type MemoryTabs } from '../src/testing.js'

/** A page in a browser: what happens to it, and what it has seen. */
export interface Page {
  client: GatepipeClient
  server: MemoryServer
  /** Every phase it went through. */
  phases: string[]
  messages: Envelope[]
  hide(): void
  show(): void
  /** Out of sight and back again. */
  glance(): void
  offline(): void
  online(): void
  freeze(): void
  resume(): void
  /** The tab is closed: nothing of it runs any more. */
  closeTab(): void
  /** Ids of the notifications it heard of. */
  rang(): number[]
}

export interface PageOptions extends ClientOptions {
  server?: MemoryServer
  /** The other tabs of its browser. */
  browser?: MemoryTabs
  /** It does not bind. */
  guest?: boolean
}

/** Opens a page that connects to `server`. Its dice always show one half. */
export function openPage({ server = createMemoryServer(), browser, guest = false, ...options }: PageOptions = {}): Page {
  let visibilityState: DocumentVisibilityState = 'visible'
  let onLine = true
  const window = new EventTarget()
  const document = Object.defineProperty(new EventTarget(), 'visibilityState', { get: () => visibilityState }) as EventTarget & {
    visibilityState: DocumentVisibilityState
  }
  const say = (target: EventTarget, name: string) => target.dispatchEvent(new Event(name))
  const look = (to: DocumentVisibilityState) => {
    visibilityState = to
    say(document, 'visibilitychange')
  }
  const client = new GatepipeClient({
    url: 'ws://gateway.test/ws',
    ...(guest ? {} : { bind: server.bind }),
    ...options,
    environment: {
      WebSocket: server.WebSocket,
      locks: browser?.locks,
      BroadcastChannel: browser?.BroadcastChannel,
      document,
      window,
      onLine: () => onLine,
      random: () => 0.5,
      ...options.environment,
    },
  })
  const phases: string[] = []
  const messages: Envelope[] = []
  client.onStatus(({ phase }: Status) => {
    if (phases[phases.length - 1] !== phase) phases.push(phase)
  })
  client.onAny((message) => messages.push(message))
  return {
    client,
    server,
    phases,
    messages,
    hide: () => look('hidden'),
    show: () => look('visible'),
    glance() {
      look('hidden')
      look('visible')
    },
    offline() {
      onLine = false
      say(window, 'offline')
    },
    online() {
      onLine = true
      say(window, 'online')
    },
    freeze: () => void say(document, 'freeze'),
    resume: () => void say(document, 'resume'),
    closeTab: () => void say(window, 'pagehide'),
    rang: () => messages.filter(({ type }) => type === 'notification').map(({ data }) => (data as { id: number } | null | undefined)?.id ?? 0),
  }
}

/** Lets what is under way happen, and `ms` milliseconds pass. */
export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}

/** A page that is ready. */
export async function readyPage(options: PageOptions = {}): Promise<Page> {
  const page = openPage(options)
  page.client.connect()
  await pass()
  return page
}
