import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nextAfter } from '../src/close.js'
import { PING, readFrame } from '../src/frame.js'
import { openPage, pass } from './browser.js'
import { afterEach, beforeEach, vi } from 'vitest'

interface Vectors {
  from_server: { name: string; text: string; type?: string; data?: unknown; client_id?: string; uid?: number; reason?: string; within_ms?: number }[]
  from_client: { text: string; is: string }[]
  close_codes: { code: number; next: string }[]
}

// The same file that the Rust side reads and writes.
const vectors = JSON.parse(readFileSync(new URL('../../../vectors/client-frames.json', import.meta.url), 'utf8')) as Vectors

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each(vectors.from_server)('the server frame $text is read', ({ name, text, type, data, client_id, uid, reason, within_ms }) => {
  const frame = readFrame(text)
  expect(frame?.type).toBe(type ?? name)
  if (client_id !== undefined) expect(frame?.client_id).toBe(client_id)
  if (uid !== undefined) expect(frame?.data).toEqual({ uid })
  if (reason !== undefined) expect(frame?.data).toEqual({ reason })
  if (within_ms !== undefined) expect(frame?.data).toEqual({ within_ms })
  if (data !== undefined) expect(frame?.data).toEqual(data)
})

test('the ping that is sent is one that the server takes for a ping', () => {
  expect(vectors.from_client.filter(({ is }) => is === 'ping').map(({ text }) => text)).toContain(PING)
})

test.each(vectors.close_codes)('after close code $code comes: $next', ({ code, next }) => {
  expect(nextAfter(code)).toBe(next)
})

test.each(vectors.close_codes)('a page that is closed with $code does it: $next', async ({ code, next }) => {
  const page = openPage()
  page.client.connect()
  await pass(5_000)
  page.server.close(code)
  await pass()
  const { phase, retryAt } = page.client.status
  const phases = { done: 'closed', stay: 'forced_offline', spread: 'waiting', protocol: 'waiting', backoff: 'waiting', soon: 'waiting' }
  expect(phase).toBe(phases[next as keyof typeof phases])
  if (phase === 'waiting') expect((retryAt ?? 0) - Date.now()).toBe(next === 'soon' ? 500 : 1_500)
})
