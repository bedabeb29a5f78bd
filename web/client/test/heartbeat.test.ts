import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PING } from '../src/frame.js'
import { pass, readyPage, type Page } from './browser.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pings = (page: Page) => page.server.clients[0]?.received.filter((text) => text === PING).length

test('after 30 s of silence it pings, and nobody hears of the pong', async () => {
  const page = await readyPage()
  await pass(29_999)
  expect(pings(page)).toBe(0)
  await pass(1)
  expect(pings(page)).toBe(1)
  await pass(30_000)
  expect(pings(page)).toBe(2)
  expect(page.client.status.phase).toBe('ready')
  expect(page.messages.map(({ type }) => type)).not.toContain('pong')
})

test('the ping is left out when something has arrived within the period', async () => {
  const page = await readyPage()
  for (let at = 0; at < 10; at += 1) {
    await pass(20_000)
    page.server.push('news', at)
  }
  expect(pings(page)).toBe(0)
  await pass(30_000)
  expect(pings(page)).toBe(1)
})

test('10 s without an answer, and the connection is given up, once', async () => {
  const page = await readyPage()
  await pass(6_000)
  page.server.mute = true
  await pass(24_000 + 9_999)
  expect(page.client.status.phase).toBe('ready')
  await pass(1)
  expect(page.client.status).toMatchObject({ phase: 'waiting', attempt: 1, reason: 'no answer to a ping' })
  expect(page.server.clients).toHaveLength(0)
  // The seed called close() and reconnect(), and onclose came back a second time.
  await pass(1_500)
  expect(page.server.attempts).toBe(2)
})

test.each(['{"type":"notification","data":[]}', 'not even JSON'])('any frame is an answer: %s', async (text) => {
  const page = await readyPage()
  await pass(6_000)
  page.server.mute = true
  await pass(24_000 + 9_000)
  page.server.clients[0]?.sendText(text)
  await pass(2_000)
  expect(page.client.status.phase).toBe('ready')
  // From there on a new period begins.
  await pass(28_000)
  expect(pings(page)).toBe(2)
})

test('no timer runs while the page is hidden; coming back asks within 3 s', async () => {
  const page = await readyPage()
  await pass(6_000)
  page.hide()
  expect(vi.getTimerCount()).toBe(0)
  await pass(3_600_000)
  expect(pings(page)).toBe(0)
  expect(page.client.status.phase).toBe('ready')
  page.server.mute = true
  page.show()
  expect(pings(page)).toBe(1)
  await pass(2_999)
  expect(page.client.status.phase).toBe('ready')
  await pass(1)
  expect(page.client.status.phase).toBe('waiting')
})

test('a timer that comes far too late asks again before it judges', async () => {
  const page = await readyPage()
  await pass(6_000)
  page.server.mute = true
  await pass(24_000)
  // The machine sleeps for an hour in the middle of the ten seconds: the clock goes on, timers do not.
  const slept = performance.now() + 3_600_000
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => slept)
  await pass(10_000)
  expect(page.client.status.phase).toBe('ready')
  expect(pings(page)).toBe(2)
  page.server.clients[0]?.sendText('{"type":"pong"}')
  clock.mockRestore()
  await pass(5_000)
  expect(page.client.status.phase).toBe('ready')
})

test.each([-1, 1])('a clock that somebody sets by a day (%i) changes nothing', async (sign) => {
  const page = await readyPage()
  vi.setSystemTime(Date.now() + sign * 86_400_000)
  await pass(30_000)
  expect(pings(page)).toBe(1)
  await pass(30_000)
  expect(pings(page)).toBe(2)
  page.server.cut()
  await pass()
  vi.setSystemTime(Date.now() + sign * 86_400_000)
  await pass(1_500)
  expect(page.client.status.phase).toBe('ready')
  expect(page.server.attempts).toBe(2)
})

test('its numbers can be changed', async () => {
  const page = await readyPage({ heartbeat: { everyMs: 5_000, timeoutMs: 500 } })
  page.server.mute = true
  await pass(5_500)
  expect(page.client.status.phase).toBe('waiting')
})
