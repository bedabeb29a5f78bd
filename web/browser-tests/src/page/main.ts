import { GatepipeClient, type CatchUpPage, type ClientOptions, type Envelope, type Status } from '@gatepipe/client'

/** What a story says to its page, in the fragment of the address. */
export interface PageOptions {
  /** Gateways, which are tried in turn; without them `/ws` of the page's own origin. */
  ws?: string[] | undefined
  token: string
  /** Whose page it is; without it the tab shares nothing. */
  identity?: number
  heartbeat?: ClientOptions['heartbeat']
  retry?: ClientOptions['retry']
}

/** What a story sees of its page. */
export interface Story {
  client: GatepipeClient
  /** Gateways, which are tried in turn. */
  ws: string[] | undefined
  heard: Envelope[]
  /** Every status there was, with the time of the machine's clock. */
  statuses: (Status & { at: number })[]
  /** Errors that nobody caught. */
  uncaught: string[]
}

declare global {
  interface Window {
    story: Story
  }
}

class Refused extends Error {
  constructor(readonly status: number) {
    super(`refused with ${status}`)
  }
}

const options = JSON.parse(decodeURIComponent(location.hash.slice(1))) as PageOptions
const { token, identity } = options

async function call(path: string, signal: AbortSignal, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`/api/admin${path}`, { headers, signal, ...(body && { method: 'POST', body: JSON.stringify(body) }) })
  if (!answer.ok) throw new Refused(answer.status)
  return ((await answer.json()) as { data: unknown }).data
}

let attempts = 0
const client = new GatepipeClient({
  ...(options.ws && { url: () => story.ws![attempts++ % story.ws!.length]! }),
  bind: (client_id, signal) => call('/WebSocket/bind', signal, { client_id }),
  catchUp: async (after_id, signal) => (await call(`/Notification/list?limit=100&after_id=${after_id ?? 0}`, signal)) as CatchUpPage,
  ...(identity !== undefined && { identity: () => identity }),
  ...(options.heartbeat && { heartbeat: options.heartbeat }),
  ...(options.retry && { retry: options.retry }),
})

const story: Story = { client, ws: options.ws, heard: [], statuses: [], uncaught: [] }
window.story = story
addEventListener('error', ({ message }) => story.uncaught.push(message))
client.onAny((message) => story.heard.push(message))
client.onStatus((status) => story.statuses.push({ ...status, at: Date.now() }))
client.connect()
