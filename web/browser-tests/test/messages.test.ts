import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Receipt } from '../src/api.js'
import { notify, type Cluster } from '../src/cluster.js'
import { gatepipe } from '../src/installed.js'
import { test } from '../src/story.js'
import { openTab } from '../src/tab.js'
import { until } from '../src/until.js'

/** What a message may be at most, as it goes over the wire. */
const MOST_BYTES = 1024 * 1024

/** Sends a text as it stands, as a worker may. */
async function push({ register, users }: Cluster, text: string): Promise<void> {
  await promisify(execFile)(gatepipe, ['push', String(users.alice.id), '--register', register, '--text', text])
}

test('a message of 1 MiB arrives whole, in the tab with the socket and in the other', async ({ context, dev, site }) => {
  const first = await openTab(context, dev, site.origin, 'alice')
  await first.is({ phase: 'ready' })
  const second = await openTab(context, dev, site.origin, 'alice')
  await second.is({ phase: 'ready', role: 'follower' })

  const around = JSON.stringify({ type: 'notification', data: '' }).length
  const name = '导出'
  const data = name + 'x'.repeat(MOST_BYTES - around - Buffer.byteLength(name))
  const { reached } = await dev.admin.post<Receipt>('/WebSocket/pushToUser', { uid: dev.users.alice.id, data })
  expect(reached).toBe(1)
  for (const tab of [first, second]) {
    const arrived = await until('it is there', async () => (await tab.heard('notification'))[0])
    expect(arrived.data === data).toBe(true)
    expect((await tab.status()).phase).toBe('ready')
  }
})

test('what is no message, and a listener that throws, keep nobody from hearing the next one', async ({ context, dev, site }) => {
  const tab = await openTab(context, dev, site.origin, 'alice')
  await tab.is({ phase: 'ready' })
  await tab.page.evaluate(() => {
    window.story.client.on('notification', () => {
      throw new Error('a listener that throws')
    })
    // Behind it.
    window.story.client.onAny(({ type }) => (document.title = type))
  })
  for (const text of ['no JSON', '', '[]', 'null', '17', '{}', '{"type":7}', '{"type":"unheard of"}', '{"type":"notification"}', '{"type":"last"}']) await push(dev, text)
  await until('all were looked at', () => tab.page.evaluate(() => document.title === 'last'))
  await notify(dev, 'alice', { title: 'heard' })
  await until('it is heard', () => tab.page.evaluate(() => document.title === 'notification'))
  const uncaught = await tab.page.evaluate(() => window.story.uncaught)
  expect(uncaught.length).toBeGreaterThan(0)
  expect(uncaught.every((error) => error.includes('a listener that throws'))).toBe(true)
  expect((await tab.status()).phase).toBe('ready')
  expect(tab.sockets).toHaveLength(1)
})
