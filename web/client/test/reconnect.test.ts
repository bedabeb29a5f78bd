import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryServer } from '../src/testing.js'
import type { Status } from '../src/index.js'
import { openPage, pass, readyPage, type Page } from './browser.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** The waits that a page tells of, in milliseconds. */
function waits(page: Page): number[] {
  const told: number[] = []
  page.client.onStatus(({ phase, retryAt }: Status) => {
    if (phase === 'waiting') told.push((retryAt ?? 0) - Date.now())
  })
  return told
}

/** A page that has given up. */
async function exhausted(options: Parameters<typeof openPage>[0] = {}): Promise<Page> {
  const page = openPage(options)
  page.server.up = false
  page.client.connect()
  await pass(300_000)
  expect(page.client.status.phase).toBe('exhausted')
  return page
}

test('ten attempts: 1 s doubling to 30 s with the jitter inside, then it gives up and says so once', async () => {
  const onExhausted = vi.fn()
  const page = openPage({ onExhausted })
  const told = waits(page)
  page.server.up = false
  page.client.connect()
  await pass(600_000)
  expect(told).toEqual([1_500, 2_500, 4_500, 8_500, 16_500, 29_500, 29_500, 29_500, 29_500, 29_500])
  expect(page.server.attempts).toBe(11)
  expect(page.client.status).toMatchObject({ phase: 'exhausted', attempt: 10, code: 1006 })
  expect(onExhausted).toHaveBeenCalledOnce()
  await pass(3_600_000)
  expect(page.server.attempts).toBe(11)
})

const ways: [string, (page: Page) => void][] = [
  ['online', (page) => page.online()],
  ['a glance', (page) => page.glance()],
  ['resume', (page) => page.resume()],
  ['retryNow()', (page) => page.client.retryNow()],
]

test.each(ways)('who gave up is brought back by %s, with a fresh series', async (_, wake) => {
  const onExhausted = vi.fn()
  const page = await exhausted({ onExhausted })
  const told = waits(page)
  wake(page)
  await pass()
  expect(told).toEqual([1_500])
  page.server.up = true
  await pass(1_500)
  expect(page.client.status).toMatchObject({ phase: 'ready', attempt: 1 })
  await pass(5_000)
  expect(page.client.status.attempt).toBe(0)
})

test('a page that is restored from the back-forward cache comes back', async () => {
  const window = new EventTarget()
  const page = await exhausted({ environment: { window } })
  page.server.up = true
  window.dispatchEvent(new Event('pageshow'))
  await pass()
  expect(page.client.status.phase).toBe('ready')
})

test.each(ways)('a wait is cut short by %s', async (_, wake) => {
  const page = openPage()
  page.server.up = false
  page.client.connect()
  await pass(50_000)
  expect(page.client.status.phase).toBe('waiting')
  page.server.up = true
  wake(page)
  await pass()
  expect(page.client.status.phase).toBe('ready')
})

test('a series that failed again tells of it again', async () => {
  const onExhausted = vi.fn()
  const page = await exhausted({ onExhausted })
  page.client.retryNow()
  await pass(300_000)
  expect(onExhausted).toHaveBeenCalledTimes(2)
})

test('a server that takes the bind and drops the page is not asked once a second for ever', async () => {
  const page = openPage()
  const told = waits(page)
  page.client.on('bind_success', () => page.server.cut())
  page.client.connect()
  await pass(600_000)
  expect(told.slice(0, 6)).toEqual([1_500, 2_500, 4_500, 8_500, 16_500, 29_500])
  expect(page.client.status.phase).toBe('exhausted')
  expect(page.server.attempts).toBe(11)
})

test('the counter is reset by a bind that held for 5 s, not by the bind', async () => {
  const page = openPage()
  page.server.up = false
  page.client.connect()
  await pass(5_000)
  page.server.up = true
  await pass(5_000)
  expect(page.client.status).toMatchObject({ phase: 'ready', attempt: 3 })
  page.server.cut()
  await pass()
  expect(page.client.status.attempt).toBe(4)
  await pass(8_500 + 5_000)
  expect(page.client.status).toMatchObject({ phase: 'ready', attempt: 0 })
})

test.each([
  ['the socket does not open', 'no connection within 10 s'],
  ['init does not come', 'no init within 10 s'],
  ['the bind does not end', 'no bind_success within 10 s'],
])('%s: that is given up after 10 s', async (what, reason) => {
  const page = openPage({
    ...(what.includes('open') && { url: () => new Promise<string>(() => undefined) }),
    ...(what.includes('bind') && { bind: () => new Promise<never>(() => undefined) }),
  })
  page.server.mute = what.includes('init')
  page.client.connect()
  await pass(9_999)
  expect(['connecting', 'binding']).toContain(page.client.status.phase)
  await pass(1)
  expect(page.client.status).toMatchObject({ phase: 'waiting', attempt: 1, reason })
  expect(page.server.clients).toHaveLength(0)
})

test('a bind that is answered, but reaches no socket of ours, is no bind', async () => {
  const page = await readyPage({ bind: () => Promise.resolve({ bound: true }) })
  expect(page.client.status.phase).toBe('binding')
  await pass(10_000)
  expect(page.client.status.phase).toBe('waiting')
})

test('without `bind` it is ready with init, and hears broadcasts only', async () => {
  const server = createMemoryServer()
  const guest = await readyPage({ server, guest: true })
  expect(guest.client.status).toMatchObject({ phase: 'ready', uid: null })
  expect(server.binds).toBe(0)
})

test('pages that a draining gateway sends away come back spread over its hint', async () => {
  const server = createMemoryServer()
  const pages = await Promise.all([0, 0.25, 1].map((dice) => readyPage({ server, environment: { random: () => dice } })))
  const told = pages.map(waits)
  server.drain(20_000)
  await pass()
  expect(told).toEqual([[0], [5_000], [20_000]])
  server.up = false
  await pass(5_000)
  // The hint was for one return only.
  expect(told[1]).toEqual([5_000, 2_250])
})

test('a hint and then no close frame: it comes back spread as well', async () => {
  const page = await readyPage()
  const told = waits(page)
  page.server.push('reconnect', { within_ms: 8_000 })
  page.server.cut()
  await pass()
  expect(told).toEqual([4_000])
})

test('1012 without a hint is backoff, 4201 is soon', async () => {
  const page = await readyPage()
  const told = waits(page)
  page.server.close(1012)
  await pass(1_500)
  page.server.close(4201)
  await pass()
  expect(told).toEqual([1_500, 500])
})

test('offline pauses and costs no attempt; online comes back at once, hidden or not', async () => {
  const page = openPage()
  page.server.up = false
  page.client.connect()
  await pass(2_000)
  const { attempt } = page.client.status
  page.offline()
  expect(page.client.status).toMatchObject({ phase: 'paused', attempt, retryAt: null })
  expect(vi.getTimerCount()).toBe(0)
  const { attempts } = page.server
  await pass(3_600_000)
  page.glance()
  expect(page.server.attempts).toBe(attempts)
  page.hide()
  page.server.up = true
  page.online()
  await pass()
  expect(page.client.status.phase).toBe('ready')
})

test('a page that begins offline waits for online', async () => {
  const page = openPage()
  page.offline()
  page.client.connect()
  await pass(60_000)
  expect(page.client.status.phase).toBe('paused')
  expect(page.server.attempts).toBe(0)
  page.online()
  await pass()
  expect(page.client.status.phase).toBe('ready')
})

test('a bound socket outlives a moment offline, and is asked afterwards', async () => {
  const page = await readyPage()
  const { clientId } = page.client.status
  page.offline()
  expect(page.client.status.phase).toBe('paused')
  expect(page.client.send({ type: 'hello', data: 1 })).toBe(false)
  page.online()
  expect(page.client.status).toMatchObject({ phase: 'ready', clientId })
  await pass(10_000)
  expect(page.server.attempts).toBe(1)
  // And one that did not outlive it is found out within 3 s.
  page.offline()
  page.server.mute = true
  page.online()
  await pass(3_000)
  expect(page.client.status.phase).toBe('waiting')
})

test('being told of offline twice loses no socket', async () => {
  const page = await readyPage()
  page.offline()
  page.offline()
  page.online()
  await pass()
  expect(page.client.status.phase).toBe('ready')
  expect(page.server.attempts).toBe(1)
})

test('a bind that has held through a moment offline counts as held', async () => {
  const page = openPage()
  page.server.up = false
  page.client.connect()
  await pass(1_000)
  page.server.up = true
  await pass(1_000)
  expect(page.client.status).toMatchObject({ phase: 'ready', attempt: 1 })
  page.offline()
  await pass(5_000)
  page.online()
  expect(page.client.status).toMatchObject({ phase: 'ready', attempt: 0 })
})

test('a browser that is offline and has not said so costs no attempt either', async () => {
  let onLine = true
  const page = await readyPage({ environment: { onLine: () => onLine } })
  onLine = false
  page.server.cut()
  await pass(60_000)
  expect(page.client.status).toMatchObject({ phase: 'paused', attempt: 0 })
  expect(page.server.attempts).toBe(1)
})

test('a socket that ends although the browser said offline, and says online again, is a lost one', async () => {
  const window = new EventTarget()
  const page = await readyPage({ environment: { window, onLine: () => true } })
  window.dispatchEvent(new Event('offline'))
  expect(page.client.status.phase).toBe('paused')
  page.server.cut()
  await pass(1_500)
  expect(page.client.status.phase).toBe('ready')
})

test('a socket that ends while offline costs no attempt', async () => {
  const page = await readyPage()
  page.offline()
  page.server.cut()
  await pass(60_000)
  expect(page.client.status).toMatchObject({ phase: 'paused', attempt: 0, clientId: '' })
  page.online()
  await pass()
  expect(page.client.status.phase).toBe('ready')
})

test.each([
  ['forceOffline', 'forced_offline', 4001, 'maintenance'],
  ['replaced', 'forced_offline', 4002, 'replaced by a newer login'],
  ['only the frame', 'forced_offline', 4001, 'maintenance'],
  ['agreed', 'closed', 1000, ''],
])('%s ends it, and nothing but connect() brings it back', async (how, phase, code, reason) => {
  const page = await readyPage()
  if (how === 'forceOffline') page.server.forceOffline('maintenance')
  if (how === 'replaced') page.server.close(4002, reason)
  if (how === 'only the frame') page.server.push('force_offline', { reason: 'maintenance' })
  if (how === 'agreed') page.server.close(1000)
  await pass()
  expect(page.client.status).toMatchObject({ phase, code, reason, clientId: '', uid: null })
  page.client.retryNow()
  page.glance()
  page.offline()
  page.online()
  await pass(3_600_000)
  expect(page.server.attempts).toBe(1)
  page.client.connect()
  await pass()
  expect(page.client.status).toMatchObject({ phase: 'ready', code: 0, reason: '', attempt: 0 })
})

test('connect() and disconnect() may be called as often as one likes', async () => {
  const page = await readyPage()
  page.client.connect()
  await pass()
  expect(page.server.attempts).toBe(1)
  page.client.disconnect()
  page.client.disconnect()
  await pass(60_000)
  expect(page.client.status).toMatchObject({ phase: 'closed', code: 1000 })
  expect(page.server.clients).toHaveLength(0)
  expect(vi.getTimerCount()).toBe(0)
})

test.each(['connecting', 'binding', 'ready', 'waiting'])('who disconnects on hearing of %s stays disconnected', async (phase) => {
  const page = openPage()
  page.server.up = phase !== 'waiting'
  page.client.onStatus((now) => now.phase === phase && page.client.disconnect())
  page.client.connect()
  await pass()
  expect(page.client.status.phase).toBe('closed')
  expect(page.server.clients).toHaveLength(0)
  expect(page.server.binds).toBe(phase === 'ready' ? 1 : 0)
  expect(vi.getTimerCount()).toBe(0)
})

test('so does who disconnects on hearing of the second attempt', async () => {
  const page = openPage()
  page.server.up = false
  page.client.onStatus(({ phase, attempt }) => phase === 'connecting' && attempt === 1 && page.client.disconnect())
  page.client.connect()
  await pass(60_000)
  expect(page.client.status.phase).toBe('closed')
  expect(page.server.attempts).toBe(1)
})

test('who leaves while the address is being asked for opens no socket', async () => {
  let answer: ((url: string) => void) | undefined
  const page = await readyPage({ url: () => new Promise((resolve) => (answer = resolve)) })
  page.client.disconnect()
  answer?.('ws://gateway.test/ws')
  await pass()
  expect(page.server.attempts).toBe(0)
})

test('who leaves and connects anew on hearing of a forced offline is left alone', async () => {
  const page = await readyPage()
  const off = page.client.on('force_offline', () => {
    off()
    page.client.disconnect()
    page.client.connect()
  })
  page.server.forceOffline('maintenance')
  await pass()
  expect(page.client.status.phase).toBe('ready')
  expect(page.server.attempts).toBe(2)
})
