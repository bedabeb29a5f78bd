import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryServer, MemoryRefusal } from '../src/testing.js'
import { openPage, pass, readyPage } from './browser.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('it binds the id of init once, and is ready with bind_success', async () => {
  const page = openPage()
  page.client.connect()
  await pass()
  expect(page.server.binds).toBe(1)
  expect(page.phases).toEqual(['connecting', 'binding', 'ready'])
  expect(page.client.status).toMatchObject({ uid: 1, clientId: page.server.clients[0]?.clientId })
})

test('a second init on the same socket does not bind again', async () => {
  const page = await readyPage()
  page.server.clients[0]?.sendText('{"type":"init","client_id":"another"}')
  await pass()
  expect(page.server.binds).toBe(1)
  expect(page.client.status.clientId).not.toBe('another')
})

test.each([401, 403])('%i is answered by one fresh token and one more bind', async (status) => {
  const server = createMemoryServer()
  server.bindStatus = status
  const refreshToken = vi.fn(async () => {
    server.bindStatus = 200
    return Promise.resolve()
  })
  const page = await readyPage({ server, refreshToken })
  expect(page.client.status.phase).toBe('ready')
  expect(refreshToken).toHaveBeenCalledOnce()
  expect(server).toMatchObject({ binds: 2, attempts: 1 })
})

test('a fresh token that is refused too is the end: no loop', async () => {
  const server = createMemoryServer()
  server.bindStatus = 401
  const refreshToken = vi.fn(() => Promise.resolve())
  const page = await readyPage({ server, refreshToken })
  expect(page.client.status).toMatchObject({ phase: 'denied', code: 401 })
  await pass(3_600_000)
  page.glance()
  page.client.retryNow()
  await pass(60_000)
  expect(refreshToken).toHaveBeenCalledOnce()
  expect(server).toMatchObject({ binds: 2, attempts: 1 })
  expect(server.clients).toHaveLength(0)
  // After a new login:
  server.bindStatus = 200
  page.client.connect()
  await pass()
  expect(page.client.status.phase).toBe('ready')
})

test('401 without a way to refresh is the end', async () => {
  const server = createMemoryServer()
  server.bindStatus = 401
  const page = await readyPage({ server })
  expect(page.client.status.phase).toBe('denied')
  expect(server.binds).toBe(1)
})

test('a token that cannot be refreshed for want of a network is tried again later', async () => {
  const server = createMemoryServer()
  server.bindStatus = 401
  const page = await readyPage({ server, refreshToken: () => Promise.reject(new TypeError('Failed to fetch')) })
  expect(page.client.status).toMatchObject({ phase: 'waiting', reason: 'TypeError: Failed to fetch' })
})

test.each([404, 409, 429, 500, 503])('%i is tried again with backoff, never faster', async (status) => {
  const server = createMemoryServer()
  server.bindStatus = status
  const page = await readyPage({ server, refreshToken: () => Promise.reject(new Error('not asked for')) })
  expect(page.client.status).toMatchObject({ phase: 'waiting', attempt: 1, code: status })
  await pass(600_000)
  expect(server.binds).toBe(11)
  expect(page.client.status.phase).toBe('exhausted')
})

test.each([
  ['an error of axios', () => Promise.reject(Object.assign(new Error('refused'), { response: { status: 401 } }))],
  ['an answer of fetch', () => Promise.resolve(new Response(null, { status: 401 }))],
  ['an error with a status', () => Promise.reject(new MemoryRefusal(401))],
])('a refusal is recognised in %s', async (_, bind) => {
  const page = await readyPage({ bind })
  expect(page.client.status).toMatchObject({ phase: 'denied', code: 401 })
})

test('a bind is aborted when its socket goes, and what it answers then does not matter', async () => {
  const refuse: ((error: Error) => void)[] = []
  const signals: AbortSignal[] = []
  const bind = (_: string, signal: AbortSignal) => {
    signals.push(signal)
    return new Promise((_, reject) => refuse.push(reject))
  }
  const refreshToken = vi.fn(() => Promise.resolve())
  const page = await readyPage({ bind, refreshToken })
  page.server.cut()
  await pass()
  expect(signals[0]?.aborted).toBe(true)
  await pass(1_500)
  refuse[0]?.(new MemoryRefusal(401))
  await pass()
  expect(page.client.status.phase).toBe('binding')
  expect(refreshToken).not.toHaveBeenCalled()
  expect(signals[1]?.aborted).toBe(false)
})

test('who is bound already does not care about a refusal that comes late', async () => {
  const server = createMemoryServer()
  const bind = async (clientId: string) => {
    await server.bind(clientId)
    throw new TypeError('the answer got lost')
  }
  const page = await readyPage({ server, bind })
  await pass(60_000)
  expect(page.client.status.phase).toBe('ready')
  expect(server.attempts).toBe(1)
})
