import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { safeLink, type NotificationPayload } from '../src/index.js'
import { createMemoryServer } from '../src/testing.js'
import { openPage, pass, readyPage } from './browser.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each(['', 'ping', '{', '[]', '["init"]', 'null', '3', '"init"', '{"type":1}', '{"type":null,"data":{}}', '{"data":{}}', '\u0000', '💥'])(
  'what is no frame does nothing: %j',
  async (text) => {
    const page = await readyPage()
    const before = page.client.status
    const { length } = page.messages
    page.server.clients[0]?.sendText(text)
    await pass()
    expect(page.client.status).toBe(before)
    expect(page.messages).toHaveLength(length)
  },
)

test('bytes are no frame, and a sign of life', async () => {
  const page = await readyPage()
  page.server.clients[0]?.sendText(new ArrayBuffer(4) as unknown as string)
  await pass()
  expect(page.client.status.phase).toBe('ready')
})

test.each(['{"type":"toString","data":1}', '{"type":"__proto__","data":{}}', '{"type":"constructor"}', '{"type":""}'])(
  'a type that nobody knows reaches whoever hears everything, and nobody else: %s',
  async (text) => {
    const page = await readyPage()
    const listener = vi.fn()
    page.client.on('notification', listener)
    const { length } = page.messages
    page.server.clients[0]?.sendText(text)
    expect(listener).not.toHaveBeenCalled()
    expect(page.messages.slice(length)).toEqual([JSON.parse(text)])
  },
)

test.each([
  '{"type":"init"}',
  '{"type":"init","client_id":7}',
  '{"type":"bind_success"}',
  '{"type":"bind_success","data":"x"}',
  '{"type":"reconnect"}',
  '{"type":"reconnect","data":{"within_ms":-1}}',
  '{"type":"reconnect","data":{"within_ms":"soon"}}',
  '{"type":"notification"}',
  '{"type":"notification","data":null}',
  '{"type":"notification","data":{"id":-1}}',
  '{"type":"notification","data":{"id":1e300}}',
])('words of ours without their fields break nothing: %s', async (text) => {
  const page = await readyPage()
  page.server.clients[0]?.sendText(text)
  page.server.notify()
  expect(page.rang()).toContain(1)
  page.server.cut()
  await pass(1_500)
  expect(page.client.status.phase).toBe('ready')
})

test('a force_offline without a reason is one all the same', async () => {
  const page = await readyPage()
  page.server.clients[0]?.sendText('{"type":"force_offline","data":null}')
  expect(page.client.status).toMatchObject({ phase: 'forced_offline', reason: '' })
})

test('a handler that throws keeps nobody else from hearing, and is reported', async () => {
  const page = await readyPage()
  const reported: unknown[] = []
  const report = (error: unknown) => void reported.push(error)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', report)
  const heard = vi.fn()
  page.client.on('notification', () => {
    throw new Error('a component is broken')
  })
  page.client.on('notification', heard)
  page.client.onStatus(() => {
    throw new Error('so is this one')
  })
  page.server.notify()
  page.server.cut()
  await pass(1_500)
  process.off('uncaughtException', report)
  for (const other of others) process.on('uncaughtException', other)
  expect(heard).toHaveBeenCalledOnce()
  expect(page.client.status.phase).toBe('ready')
  expect(reported.map(String)).toContain('Error: a component is broken')
  expect(reported.map(String)).toContain('Error: so is this one')
})

test('unsubscribing twice is harmless, also when the same function was added twice', async () => {
  const page = await readyPage()
  const heard = vi.fn()
  const off = page.client.on('news', heard)
  page.client.on('news', heard)
  off()
  off()
  page.server.push('news', 1)
  expect(heard).toHaveBeenCalledOnce()
})

test('a signal takes a listener off, and one that is aborted already never puts it on', async () => {
  const page = await readyPage()
  const heard = vi.fn()
  const controller = new AbortController()
  page.client.on('news', heard, { signal: controller.signal })
  page.client.on('news', heard, { signal: AbortSignal.abort() })
  page.server.push('news', 1)
  controller.abort()
  page.server.push('news', 2)
  expect(heard).toHaveBeenCalledOnce()
})

test('one that another handler takes off does not hear any more', async () => {
  const page = await readyPage()
  const heard = vi.fn()
  page.client.on('news', () => off())
  const off = page.client.on('news', heard)
  page.server.push('news', 1)
  expect(heard).not.toHaveBeenCalled()
})

test.each(['not a url', 'http://[', 'ftp://gateway.test'])('an address that is wrong fails as a connection does: %s', async (url) => {
  const page = await readyPage({
    url,
    environment: {
      WebSocket: class {
        constructor(address: string) {
          throw new SyntaxError(address)
        }
      } as never,
    },
  })
  expect(page.client.status).toMatchObject({ phase: 'waiting', attempt: 1 })
})

test('an address that cannot be had is asked for again', async () => {
  const url = vi.fn().mockRejectedValueOnce(new Error('no ticket')).mockResolvedValue('ws://gateway.test/ws')
  const page = await readyPage({ url })
  expect(page.client.status).toMatchObject({ phase: 'waiting', reason: 'Error: no ticket' })
  await pass(1_500)
  expect(page.client.status.phase).toBe('ready')
})

test.each([
  [undefined, 'http://app.test:8080', 'ws://app.test:8080/ws'],
  ['', 'https://app.test', 'wss://app.test/ws'],
  ['/push/ws', 'https://app.test', 'wss://app.test/push/ws'],
  ['ws://gateway.test/ws', 'https://app.test', 'ws://gateway.test/ws'],
])('the address %s of a page on %s is %s', async (url, origin, address) => {
  vi.stubGlobal('location', new URL(origin + '/deep/page?x=1#top'))
  const page = openPage({ url: url as string })
  page.client.connect()
  await pass()
  expect(page.server.clients[0]?.url).toBe(address)
  vi.unstubAllGlobals()
})

test('where there is no WebSocket, as on a server, connecting does nothing', async () => {
  const log = vi.fn()
  const page = await readyPage({ environment: { WebSocket: undefined }, log })
  expect(page.client.status.phase).toBe('idle')
  expect(vi.getTimerCount()).toBe(0)
  expect(log).toHaveBeenCalledOnce()
})

const harmless = ['/devTools/exportTask', '/', '/a?b=c#d', 'https://example.com/x', 'HTTP://example.com', '']
const harmful = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  '//evil.test',
  '/\\evil.test',
  '/\t/evil.test',
  '\\\\evil.test',
  'https:/\\evil.test',
  'https:///evil.test',
  'data:text/html,x',
  'vbscript:x',
  'page.html',
  '#top',
  7,
  null,
  undefined,
  { toString: () => '/x' },
]

test.each(harmless)('the link %j is followed', (link) => {
  expect(safeLink(link)).toBe(link)
})

test.each(harmful)('the link %j does nothing', (link) => {
  expect(safeLink(link)).toBe('')
})

test('links of notifications are harmless, and titles are text as they came, pushed or fetched', async () => {
  const server = createMemoryServer()
  const title = '<img src=x onerror=alert(1)>'
  server.notify({ title, link: 'javascript:alert(1)' }, false)
  const page = await readyPage({ server, catchUp: server.catchUp })
  server.notify({ title, link: '//evil.test' })
  const data = page.messages.filter(({ type }) => type === 'notification').map(({ data }) => data as NotificationPayload)
  expect(data.map(({ link }) => link)).toEqual(['', ''])
  expect(data.map(({ title }) => title)).toEqual([title, title])
})

test('ready() waits, and says why it does not any more', async () => {
  const page = openPage()
  const early = page.client.ready()
  page.client.connect()
  await pass()
  await expect(early).resolves.toBeUndefined()
  await expect(page.client.ready()).resolves.toBeUndefined()
  page.server.forceOffline('maintenance')
  await pass()
  await expect(page.client.ready()).rejects.toThrow('not ready: forced_offline maintenance')
  page.server.up = false
  page.client.connect()
  const late = expect(page.client.ready(2_000)).rejects.toThrow('not ready: waiting')
  await pass(2_000)
  await late
})
