import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { GatepipeClient, type CatchUpPage, type ClientOptions, type Envelope } from '../src/index.js'
import { createMemoryTabs } from '../src/testing.js'

// The real programs: register, two gateways, api and database, as `gatepipe dev` starts them.

const root = new URL('../../../', import.meta.url)
const binary = process.env.GATEPIPE_DEV_BIN ?? fileURLToPath(new URL('target/debug/gatepipe', root))
const missing = !existsSync(binary)
if (missing && process.env.GATEPIPE_TEST_ALL) throw new Error(`${binary} is not built, and GATEPIPE_TEST_ALL allows no gaps`)
if (missing) console.log(`skipped: the real programs (${binary} is not built)`)

interface User {
  id: number
  password: string
  token: string
}

interface Dev {
  http: string
  ws: string[]
  users: Record<'admin' | 'alice' | 'bob', User>
}

class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message)
  }
}

let data: string
let child: ChildProcess
let dev: Dev
const clients: GatepipeClient[] = []

beforeAll(async () => {
  if (missing) return
  data = mkdtempSync(join(tmpdir(), 'gatepipe-web-'))
  const flags = ['dev', '--data-dir', data, '--ws-port', '0', '--http-port', '0', '--json']
  child = spawn(binary, flags, { stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout! })
  const [line] = await Promise.race([
    new Promise<string[]>((resolve) => lines.once('line', (line) => resolve([line]))),
    new Promise<never>((_, reject) => child.once('exit', (code) => reject(new Error(`gatepipe dev ended with ${code}`)))),
  ])
  dev = JSON.parse(line ?? '') as Dev
}, 60_000)

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

afterAll(async () => {
  if (!child) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
  rmSync(data, { recursive: true })
}, 60_000)

async function call(token: string | null, path: string, body?: object, signal?: AbortSignal): Promise<unknown> {
  const answer = await fetch(`${dev.http}/api/admin${path}`, {
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    ...(signal && { signal }),
  })
  const { msg, data } = (await answer.json()) as { msg: string; data: unknown }
  if (!answer.ok) throw new Refused(answer.status, msg)
  return data
}

/** Logs in, and opens a page on one of the gateways. `sockets` are all that it opens. */
async function logIn(name: 'alice' | 'bob', gateway: number, options: ClientOptions = {}) {
  const { token } = (await call(null, '/Auth/login', { username: name, password: dev.users[name].password })) as { token: string }
  const sockets: WebSocket[] = []
  class Recorded extends WebSocket {
    constructor(url: string) {
      super(url)
      sockets.push(this)
    }
  }
  const client = new GatepipeClient({
    url: dev.ws[gateway]!,
    bind: (client_id, signal) => call(token, '/WebSocket/bind', { client_id }, signal),
    catchUp: async (after_id, signal) =>
      (await call(token, `/Notification/list?limit=2&after_id=${after_id ?? 0}`, undefined, signal)) as CatchUpPage,
    ...options,
    environment: { WebSocket: Recorded as never, ...options.environment },
  })
  clients.push(client)
  const heard: Envelope[] = []
  client.onAny((message) => heard.push(message))
  client.connect()
  await client.ready(20_000)
  const titles = () => heard.filter(({ type }) => type === 'notification').map(({ data }) => (data as { title: string }).title)
  return { client, sockets, heard, titles, token }
}

async function until(what: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`never: ${String(what)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const notify = (title: string, level = 'urgent', user: 'alice' | 'bob' = 'alice') =>
  call(dev.users.admin.token, '/Notification/send', { user_ids: [dev.users[user].id], title, content: '', level })

test.skipIf(missing)('log in, bind, be rung, be cut off, miss nothing, hear nothing twice', async () => {
  const window = new EventTarget()
  let onLine = true
  const first = await logIn('alice', 0, { environment: { window, onLine: () => onLine } })
  const second = await logIn('alice', 1)
  expect(first.client.status.uid).toBe(dev.users.alice.id)
  await notify('pushed to both')
  await until(() => first.titles().length === 1 && second.titles().length === 1)

  // The first page loses its network; three things happen meanwhile, more than one page of the list.
  onLine = false
  first.sockets[0]!.terminate()
  await until(() => first.client.status.phase === 'paused')
  for (const title of ['missed', 'only stored', 'missed too']) await notify(title, title === 'only stored' ? 'normal' : 'urgent')
  onLine = true
  window.dispatchEvent(new Event('online'))
  await until(() => first.titles().length === 4)
  expect(first.titles()).toEqual(['pushed to both', 'missed', 'only stored', 'missed too'])
  expect(second.titles()).toEqual(['pushed to both', 'missed', 'missed too'])
  expect(first.heard.filter(({ recovered }) => recovered)).toHaveLength(3)

  // What is read on one device is read on the other.
  await call(first.token, '/Notification/read', { ids: [1] })
  await until(() => second.heard.some(({ type }) => type === 'notification_read'))
  expect(second.heard.find(({ type }) => type === 'notification_read')?.data).toEqual({ ids: [1] })
})

test.skipIf(missing)('two tabs, one socket; forced offline ends both, and the old token is refused', async () => {
  const shared = createMemoryTabs()
  const options = { identity: () => dev.users.bob.id, environment: shared }
  const first = await logIn('bob', 0, options)
  const second = await logIn('bob', 0, options)
  expect([first.sockets.length, second.sockets.length]).toEqual([1, 0])
  await notify('for both tabs', 'urgent', 'bob')
  await until(() => first.titles().length === 1 && second.titles().length === 1)

  await call(dev.users.admin.token, '/WebSocket/forceOffline', { uid: dev.users.bob.id, reason: 'maintenance' })
  await until(() => second.client.status.phase === 'forced_offline')
  for (const { client } of [first, second]) expect(client.status).toMatchObject({ phase: 'forced_offline', code: 4001, reason: 'maintenance' })

  // The page insists, with the token that it has.
  first.client.connect()
  await until(() => first.client.status.phase === 'denied')
  expect(first.client.status.code).toBe(401)
  expect(first.sockets).toHaveLength(2)
})
