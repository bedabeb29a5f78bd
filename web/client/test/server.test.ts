import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { GatepipeClient, type ClientOptions, type Envelope, type Phase } from '../src/index.js'

// Real sockets to a server that does exactly what each story says.

let server: WebSocketServer
let sockets: WebSocket[]
let clients: GatepipeClient[]

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  sockets = []
  clients = []
  server.on('connection', (socket) => sockets.push(socket))
  await once(server, 'listening')
})

afterEach(async () => {
  for (const client of clients) client.disconnect()
  for (const socket of server.clients) socket.terminate()
  await new Promise((resolve) => server.close(resolve))
})

function open(options: ClientOptions = {}): GatepipeClient {
  const { port } = server.address() as AddressInfo
  const client = new GatepipeClient({
    url: `ws://127.0.0.1:${port}/ws`,
    retry: { baseMs: 5, jitterMs: 5, capMs: 50 },
    environment: { WebSocket: WebSocket as unknown as NonNullable<ClientOptions['environment']>['WebSocket'] },
    ...options,
  })
  clients.push(client)
  client.connect()
  return client
}

/** Waits until something is so. */
async function until(what: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`never: ${String(what)}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const inPhase = (client: GatepipeClient, phase: Phase) => until(() => client.status.phase === phase)
const say = (socket: WebSocket | undefined, type: string, data: unknown) => socket?.send(JSON.stringify({ type, data }))
const init = (socket: WebSocket | undefined, client_id: string) => socket?.send(JSON.stringify({ type: 'init', client_id }))

test('a page connects, binds, hears, and leaves with 1000', async () => {
  const client = open({
    bind: (clientId) => {
      expect(clientId).toBe('first')
      say(sockets[0], 'bind_success', { uid: 7 })
      return Promise.resolve()
    },
  })
  server.once('connection', (socket) => init(socket, 'first'))
  await client.ready(10_000)
  const heard: Envelope[] = []
  client.on('news', (message) => heard.push(message))
  say(sockets[0], 'news', { text: '报表📊' })
  await until(() => heard.length === 1)
  expect(heard[0]).toEqual({ type: 'news', data: { text: '报表📊' } })
  const closed = once(sockets[0]!, 'close')
  client.disconnect()
  expect((await closed)[0]).toBe(1000)
})

test('init and close in one breath: the bind of a socket that is gone binds nothing', async () => {
  const aborted: boolean[] = []
  const binds: string[] = []
  server.on('connection', (socket) => {
    init(socket, `client-${sockets.length}`)
    if (sockets.length < 3) socket.close(1011)
  })
  const client = open({
    bind: (clientId, signal) => {
      binds.push(clientId)
      if (clientId === 'client-3') say(sockets[2], 'bind_success', { uid: 7 })
      else return new Promise((resolve) => signal.addEventListener('abort', () => resolve(aborted.push(true))))
      return Promise.resolve()
    },
  })
  await client.ready(10_000)
  expect(client.status.clientId).toBe('client-3')
  expect(binds).toEqual(['client-1', 'client-2', 'client-3'])
  expect(aborted).toEqual([true, true])
})

test('a server that takes connections and drops them is asked ever less often, and then no more', async () => {
  server.on('connection', (socket) => socket.terminate())
  const client = open()
  await inPhase(client, 'exhausted')
  expect(sockets).toHaveLength(11)
})

test('a stale socket that talks on is not listened to, and there are never two', async () => {
  server.on('connection', (socket) => {
    init(socket, `client-${sockets.length}`)
    socket.on('message', () => socket.send('{"type":"pong"}'))
  })
  const client = open({ heartbeat: { everyMs: 100, timeoutMs: 500 } })
  await client.ready(10_000)
  const heard: unknown[] = []
  client.onAny(({ type, data }) => type === 'news' && heard.push(data))
  // The server reads no more and does not answer the close either, as a host that is gone.
  sockets[0]!.pause()
  await until(() => sockets.length === 2)
  await inPhase(client, 'ready')
  say(sockets[0], 'news', 'stale')
  say(sockets[1], 'news', 'fresh')
  await until(() => heard.includes('fresh'))
  sockets[0]!.resume()
  await once(sockets[0]!, 'close')
  say(sockets[1], 'news', 'last')
  await until(() => heard.includes('last'))
  expect(heard).not.toContain('stale')
  expect(client.status).toMatchObject({ phase: 'ready', clientId: 'client-2' })
})

test('a message of 1 MiB arrives whole', async () => {
  server.on('connection', (socket) => init(socket, 'c'))
  const client = open()
  await client.ready(10_000)
  const text = 'é'.repeat(512 * 1024)
  const heard: unknown[] = []
  client.on('big', ({ data }) => heard.push(data))
  say(sockets[0], 'big', text)
  say(sockets[0], 'big', 'after it')
  await until(() => heard.length === 2)
  expect(heard).toEqual([text, 'after it'])
})

test('forced offline ends it: the page does not come back', async () => {
  server.on('connection', (socket) => init(socket, 'c'))
  const client = open()
  await client.ready(10_000)
  say(sockets[0], 'force_offline', { reason: '维护 "now"' })
  sockets[0]!.close(4001, 'forced offline')
  await inPhase(client, 'forced_offline')
  expect(client.status.reason).toBe('维护 "now"')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(sockets).toHaveLength(1)
})

test('a gateway that drains sends the page to the next one', async () => {
  server.on('connection', (socket) => init(socket, `client-${sockets.length}`))
  const client = open()
  await client.ready(10_000)
  say(sockets[0], 'reconnect', { within_ms: 20 })
  sockets[0]!.close(1012, 'draining')
  await until(() => client.status.clientId === 'client-2')
})
