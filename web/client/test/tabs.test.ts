import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryServer, createMemoryTabs } from '../src/testing.js'
import { openPage, pass, type Page, type PageOptions } from './browser.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Tabs of one browser, opened one after the other, all connected. */
async function openTabs(count: number, options: PageOptions = {}): Promise<Page[]> {
  const { server = createMemoryServer(), browser = createMemoryTabs(), ...rest } = options
  const pages: Page[] = []
  for (let tab = 0; tab < count; tab += 1) {
    const page = openPage({ server, browser, identity: () => 1, catchUp: server.catchUp, ...rest })
    pages.push(page)
    page.client.connect()
    await pass()
  }
  return pages
}

const roles = (pages: Page[]) => pages.map(({ client }) => client.status.role)
const phases = (pages: Page[]) => pages.map(({ client }) => client.status.phase)

test('two tabs have one socket, and each message rings in both', async () => {
  const [first, second] = await openTabs(2)
  const { server } = first!
  expect(roles([first!, second!])).toEqual(['leader', 'follower'])
  expect(phases([first!, second!])).toEqual(['ready', 'ready'])
  expect(server).toMatchObject({ attempts: 1, binds: 1 })
  server.notify()
  await pass()
  expect([first!.rang(), second!.rang()]).toEqual([[1], [1]])
  expect(second!.client.status).toMatchObject({ clientId: first!.client.status.clientId, uid: 1 })
})

test('the leading tab is closed and another takes over within a second, and nobody hears anything twice', async () => {
  const pages = await openTabs(3)
  const [leader, ...others] = pages as [Page, Page, Page]
  const { server } = leader
  server.notify()
  await pass()
  leader.closeTab()
  server.notify({}, false)
  await pass(1_000)
  expect(roles(others)).toEqual(['leader', 'follower'])
  expect(phases(others)).toEqual(['ready', 'ready'])
  expect(server.clients).toHaveLength(1)
  server.notify()
  await pass()
  for (const page of others) expect(page.rang()).toEqual([1, 2, 3])
})

test('two tabs that close at once leave the third connected', async () => {
  const [first, second, third] = (await openTabs(3)) as [Page, Page, Page]
  first.closeTab()
  second.closeTab()
  await pass(1_000)
  expect(third.client.status).toMatchObject({ role: 'leader', phase: 'ready' })
  expect(third.server.clients).toHaveLength(1)
})

test('a tab that leaves by itself leaves the others connected', async () => {
  const [first, second] = (await openTabs(2)) as [Page, Page]
  first.client.disconnect()
  await pass(1_000)
  expect(phases([first, second])).toEqual(['closed', 'ready'])
  expect(roles([first, second])).toEqual(['solo', 'leader'])
})

test('logging out in one tab ends all, and nobody takes over', async () => {
  const pages = await openTabs(3)
  pages[1]!.client.logout()
  await pass(60_000)
  expect(phases(pages)).toEqual(['closed', 'closed', 'closed'])
  expect(pages.map(({ client }) => client.status.reason)).toEqual(['logout', 'logout', 'logout'])
  expect(pages[0]!.server.clients).toHaveLength(0)
  expect(pages[0]!.server.attempts).toBe(1)
})

test('forced offline ends all tabs, and none of them takes over', async () => {
  const pages = await openTabs(3)
  pages[0]!.server.forceOffline('maintenance')
  await pass(60_000)
  for (const { client } of pages) expect(client.status).toMatchObject({ phase: 'forced_offline', code: 4001, reason: 'maintenance' })
  expect(pages[0]!.server.attempts).toBe(1)
  // A new login in the second tab, then in the others.
  pages[1]!.client.connect()
  await pass(2_000)
  expect(pages[1]!.client.status).toMatchObject({ phase: 'ready', role: 'leader' })
  pages[0]!.client.connect()
  await pass()
  expect(pages[0]!.client.status).toMatchObject({ phase: 'ready', role: 'follower' })
})

test('forced offline ends all tabs also where locks pass on faster than messages', async () => {
  const { locks, BroadcastChannel } = createMemoryTabs()
  class Slow {
    private readonly channel: BroadcastChannel
    onmessage: ((event: MessageEvent) => void) | null = null
    constructor(name: string) {
      this.channel = new BroadcastChannel(name)
      this.channel.onmessage = (event: MessageEvent) => void setTimeout(() => this.onmessage?.(event), 500)
    }
    postMessage(message: unknown) {
      this.channel.postMessage(message)
    }
    close() {
      this.channel.close()
    }
  }
  const browser = { locks, BroadcastChannel: Slow as unknown as typeof BroadcastChannel }
  const pages = await openTabs(2, { browser })
  await pass(2_000)
  expect(phases(pages)).toEqual(['ready', 'ready'])
  pages[0]!.server.forceOffline('maintenance')
  await pass(60_000)
  expect(phases(pages)).toEqual(['forced_offline', 'forced_offline'])
  expect(pages[0]!.server.attempts).toBe(1)
})

test('after a new login the tab that had the socket has it again at once', async () => {
  const [leader, follower] = (await openTabs(2)) as [Page, Page]
  leader.server.forceOffline('maintenance')
  await pass()
  leader.client.connect()
  await pass()
  expect(leader.client.status).toMatchObject({ phase: 'ready', role: 'leader' })
  expect(follower.client.status.phase).toBe('forced_offline')
})

test('a tab that the server ended does not connect again because a new tab asks it to', async () => {
  const server = createMemoryServer()
  const browser = createMemoryTabs()
  const [ended] = (await openTabs(1, { server, browser })) as [Page]
  server.forceOffline('maintenance')
  await pass()
  const [fresh] = (await openTabs(1, { server, browser })) as [Page]
  fresh.client.retryNow()
  await pass()
  expect(server.attempts).toBe(1)
  await pass(1_000)
  expect(phases([ended, fresh])).toEqual(['forced_offline', 'ready'])
  expect(server.attempts).toBe(2)
})

test('who disconnects on hearing that it takes over opens no socket', async () => {
  const [leader, follower] = (await openTabs(2)) as [Page, Page]
  follower.client.onStatus(({ phase }) => phase === 'connecting' && follower.client.disconnect())
  leader.closeTab()
  await pass(1_000)
  expect(follower.client.status.phase).toBe('closed')
  expect(leader.server.attempts).toBe(1)
})

test('nor does the old life of a tab that begins a new one at that moment', async () => {
  const [leader, follower] = (await openTabs(2)) as [Page, Page]
  const off = follower.client.onStatus(({ phase }) => {
    if (phase !== 'connecting') return
    off()
    follower.client.disconnect()
    follower.client.connect()
  })
  leader.closeTab()
  await pass(1_000)
  expect(follower.client.status).toMatchObject({ phase: 'ready', role: 'leader' })
  expect(leader.server.attempts).toBe(2)
  expect(leader.server.clients).toHaveLength(1)
})

test('followers that ask cut no wait short', async () => {
  const [leader, follower] = (await openTabs(2, { heartbeat: { everyMs: 1_000 } })) as [Page, Page]
  leader.server.up = false
  leader.server.cut()
  await pass(60_000)
  expect(follower.client.status.attempt).toBe(6)
  expect(leader.server.attempts).toBe(6)
})

test('a refused token ends all tabs', async () => {
  const server = createMemoryServer()
  const pages = await openTabs(2, { server })
  server.bindStatus = 401
  server.cut()
  await pass(60_000)
  expect(phases(pages)).toEqual(['denied', 'denied'])
  expect(server.binds).toBe(2)
})

test('followers show the wait of the leader, and can cut it short', async () => {
  const [leader, follower] = (await openTabs(2)) as [Page, Page]
  const { server } = leader
  server.up = false
  server.cut()
  await pass(50_000)
  expect(follower.client.status).toEqual({ ...leader.client.status, role: 'follower' })
  expect(follower.client.status.phase).toBe('waiting')
  server.up = true
  follower.client.retryNow()
  await pass()
  expect(phases([leader, follower])).toEqual(['ready', 'ready'])
})

test('only the tab with the socket tells of giving up', async () => {
  const onExhausted = vi.fn()
  const [leader, follower] = (await openTabs(2, { onExhausted })) as [Page, Page]
  leader.server.up = false
  leader.server.cut()
  await pass(600_000)
  expect(phases([leader, follower])).toEqual(['exhausted', 'exhausted'])
  expect(onExhausted).toHaveBeenCalledOnce()
  // Somebody comes back to the other tab.
  leader.server.up = true
  follower.glance()
  await pass()
  expect(phases([leader, follower])).toEqual(['ready', 'ready'])
})

test('a follower sends through the socket of the leader', async () => {
  const [leader, follower] = (await openTabs(2)) as [Page, Page]
  expect(follower.client.send({ type: 'echo', data: 1 })).toBe(true)
  await pass()
  expect(leader.server.clients[0]?.received).toEqual(['{"type":"echo","data":1}'])
})

test('a hidden leader is reminded by a follower that is in sight', async () => {
  const [leader, follower] = (await openTabs(2)) as [Page, Page]
  leader.hide()
  await pass(6_000)
  leader.server.mute = true
  await pass(120_000)
  expect(follower.client.status.phase).not.toBe('ready')
})

test('a leader that hangs is not waited for: the tab has a socket of its own until it may lead', async () => {
  const browser = createMemoryTabs()
  let die = () => {}
  // The other tab keeps its lock and answers nothing.
  void browser.locks.request('gatepipe:1:ws://gateway.test/ws:1', () => new Promise<void>((resolve) => (die = resolve)))
  const [page] = (await openTabs(1, { browser })) as [Page]
  expect(page.client.status).toMatchObject({ role: 'follower', phase: 'connecting' })
  await pass(10_000)
  expect(page.client.status).toMatchObject({ role: 'solo', phase: 'ready' })
  die()
  await pass()
  expect(page.client.status).toMatchObject({ role: 'leader', phase: 'ready' })
  expect(page.server.attempts).toBe(1)
})

test('a leader that the browser freezes gives the socket to another tab, and follows when it is back', async () => {
  const [leader, follower] = (await openTabs(2)) as [Page, Page]
  leader.freeze()
  expect(leader.client.status.phase).toBe('paused')
  await pass(1_000)
  expect(follower.client.status).toMatchObject({ role: 'leader', phase: 'ready' })
  follower.server.notify()
  leader.resume()
  await pass()
  expect(leader.client.status).toMatchObject({ role: 'follower', phase: 'ready' })
  // What it slept through it has fetched for itself.
  expect(leader.rang()).toEqual([1])
  expect(follower.server.clients).toHaveLength(1)
})

test('tabs of different users, or of nobody, share nothing', async () => {
  const server = createMemoryServer()
  const browser = createMemoryTabs()
  let uid = 0
  const pages = await openTabs(2, { server, browser, identity: () => (uid += 1) })
  const [nobody] = (await openTabs(1, { server, browser, identity: () => null })) as [Page]
  expect(roles([...pages, nobody])).toEqual(['leader', 'leader', 'solo'])
  expect(server.attempts).toBe(3)
  pages[0]!.client.logout()
  await pass()
  expect(phases([...pages, nobody])).toEqual(['closed', 'ready', 'ready'])
})

test('`tabs: off` gives each tab its own socket', async () => {
  const pages = await openTabs(2, { tabs: 'off' })
  expect(roles(pages)).toEqual(['solo', 'solo'])
  expect(pages[0]!.server.attempts).toBe(2)
})

test.each(['no locks, as on an insecure origin', 'storage is disabled', 'no BroadcastChannel'])('%s: each tab has its own socket', async (what) => {
  const { locks, BroadcastChannel } = createMemoryTabs()
  const forbidden = class {
    constructor() {
      throw new DOMException('', 'SecurityError')
    }
  } as unknown as typeof BroadcastChannel
  const environment = {
    locks: what.startsWith('no locks') ? undefined : { request: () => Promise.reject(new DOMException('', 'SecurityError')) },
    BroadcastChannel: what.startsWith('no B') ? undefined : what.startsWith('storage') ? forbidden : BroadcastChannel,
  }
  if (what.startsWith('no B')) environment.locks = locks as never
  const pages = await openTabs(2, { environment })
  expect(roles(pages)).toEqual(['solo', 'solo'])
  expect(phases(pages)).toEqual(['ready', 'ready'])
  pages[0]!.server.notify()
  expect(pages.map((page) => page.rang())).toEqual([[1], [1]])
  // Where there is a channel, logging out still ends all.
  pages[0]!.client.logout()
  await pass()
  expect(phases(pages)).toEqual(['closed', what.startsWith('no locks') ? 'closed' : 'ready'])
})
