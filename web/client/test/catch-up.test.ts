import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Envelope, NotificationPayload } from '../src/index.js'
import { createMemoryServer } from '../src/testing.js'
import { openPage, pass, readyPage } from './browser.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('what was missed while away is fetched after the last id, and appears once', async () => {
  const server = createMemoryServer()
  const page = await readyPage({ server, catchUp: server.catchUp })
  page.client.sawUpTo(0)
  server.notify()
  await pass(6_000)
  server.cut()
  await pass()
  server.notify({ title: 'missed' })
  server.notify({ level: 'normal' }, false)
  await pass(1_500)
  expect(server.catchUps).toEqual([null, 1])
  expect(page.rang()).toEqual([1, 2, 3])
  const missed = page.messages.find(({ data }) => (data as NotificationPayload | undefined)?.title === 'missed')
  expect(missed?.recovered).toBe(true)
  expect(page.client.lastId).toBe(3)
})

test('one that is pushed while it is being fetched rings once', async () => {
  const server = createMemoryServer()
  const page = openPage({
    server,
    catchUp: async (afterId) => {
      const answer = await server.catchUp(afterId)
      server.push('notification', 'list' in answer ? answer.list[0] : null)
      return answer
    },
  })
  server.notify({}, false)
  page.client.connect()
  await pass(1_000)
  expect(page.rang()).toEqual([1])
})

test('one whose push got lost is found by the next catch-up, although later ones were pushed', async () => {
  const server = createMemoryServer()
  const page = await readyPage({ server, catchUp: server.catchUp })
  page.client.sawUpTo(0)
  server.notify({}, false)
  server.notify()
  expect(page.rang()).toEqual([2])
  server.cut()
  await pass(1_500)
  expect(page.rang()).toEqual([2, 1])
})

test('all pages of a long absence are fetched', async () => {
  const server = createMemoryServer()
  for (let row = 0; row < 250; row += 1) server.notify({}, false)
  const page = await readyPage({ server, catchUp: server.catchUp })
  expect(page.rang()).toHaveLength(250)
  expect(server.catchUps).toEqual([null, 100, 200])
})

test('a list that says there is always more is not followed for ever', async () => {
  const server = createMemoryServer()
  const row = server.notify({}, false)
  const catchUp = vi.fn(() => Promise.resolve({ list: [row], next_cursor: 1 }))
  await readyPage({ server, catchUp })
  await pass(60_000)
  expect(catchUp).toHaveBeenCalledTimes(100)
})

test('an api that is away is asked again later, and no more once the page is away itself', async () => {
  const server = createMemoryServer()
  server.notify({}, false)
  let fails = 2
  const log = vi.fn()
  const catchUp = vi.fn((afterId: number | null) => (fails-- > 0 ? Promise.reject(new Error('503')) : server.catchUp(afterId)))
  const page = await readyPage({ server, catchUp, log })
  expect(page.rang()).toEqual([])
  await pass(1_500 + 2_500)
  expect(page.rang()).toEqual([1])
  expect(log).toHaveBeenCalledTimes(2)
  fails = Infinity
  server.cut()
  await pass(1_500)
  const { length } = catchUp.mock.calls
  page.client.disconnect()
  await pass(600_000)
  expect(catchUp.mock.calls).toHaveLength(length)
})

test('a catch-up ends with its connection, and what becomes of it then is no news', async () => {
  const signals: AbortSignal[] = []
  const refuse: ((error: Error) => void)[] = []
  const log = vi.fn()
  const catchUp = (_: number | null, signal: AbortSignal) => {
    signals.push(signal)
    return new Promise<never>((_, reject) => refuse.push(reject))
  }
  const page = await readyPage({ catchUp, log })
  page.server.up = false
  page.server.cut()
  await pass()
  expect(signals[0]?.aborted).toBe(true)
  refuse[0]?.(new Error('aborted'))
  await pass(10_000)
  expect(log).not.toHaveBeenCalled()
  expect(signals).toHaveLength(1)
})

test('another identity begins with an inbox of its own, before any answer', async () => {
  let identity = 1
  const page = await readyPage({ identity: () => identity })
  page.client.sawUpTo(7)
  page.client.disconnect()
  page.client.connect()
  expect(page.client.lastId).toBe(7)
  page.client.disconnect()
  identity = 2
  page.client.connect()
  expect(page.client.lastId).toBeNull()
})

test('an answer that comes after the page has left is dropped', async () => {
  const server = createMemoryServer()
  const row = server.notify({}, false)
  let answer: ((rows: NotificationPayload[]) => void) | undefined
  const page = await readyPage({ server, catchUp: () => new Promise((resolve) => (answer = resolve)) })
  page.client.disconnect()
  answer?.([row])
  await pass()
  expect(page.rang()).toEqual([])
})

test('another user on the same page begins with an inbox of his own', async () => {
  const server = createMemoryServer()
  const page = await readyPage({ server, catchUp: server.catchUp })
  page.client.sawUpTo(7)
  page.client.disconnect()
  server.uid = 2
  page.client.connect()
  await pass()
  expect(page.client.status.uid).toBe(2)
  expect(server.catchUps).toEqual([null, null])
})

test('messages of business code are never taken for doubles', async () => {
  const page = await readyPage()
  const heard: Envelope[] = []
  page.client.on('order', (message) => heard.push(message))
  page.server.push('order', { id: 7, state: 'paid' })
  page.server.push('order', { id: 7, state: 'shipped' })
  page.server.push('notification', { id: 'a' })
  page.server.push('notification', { id: 'a' })
  expect(heard).toHaveLength(2)
  expect(page.messages.filter(({ type }) => type === 'notification')).toHaveLength(2)
})
