import { expect } from 'vitest'
import { notify } from '../src/cluster.js'
import { test } from '../src/story.js'
import { openTab, untilSockets } from '../src/tab.js'

/** Quick attempts, and enough of them for a busy machine. */
const retry = { baseMs: 200, capMs: 1_000, limit: 1_000 }

test('a gateway is killed, and both tabs go on through another one', async ({ context, parts, partsSite }) => {
  const first = await openTab(context, parts, partsSite.origin, 'alice')
  const { clientId } = await first.is({ phase: 'ready' })
  const second = await openTab(context, parts, partsSite.origin, 'alice')
  await second.is({ phase: 'ready', role: 'follower' })

  await parts.killGateway(parts.gatewayOf(clientId))
  for (const tab of [first, second]) {
    await tab.was({ phase: 'waiting' })
    await tab.is({ phase: 'ready' })
  }
  parts.gatewayOf((await first.status()).clientId)
  await notify(parts, 'alice', { title: 'on another gateway' })
  for (const tab of [first, second]) await tab.rang('on another gateway')
})

test('all gateways are killed, and what is stored meanwhile appears once when one is there again', async ({ context, parts, partsSite }) => {
  const first = await openTab(context, parts, partsSite.origin, 'alice', { retry })
  await first.is({ phase: 'ready' })
  const second = await openTab(context, parts, partsSite.origin, 'alice', { retry })
  await second.is({ phase: 'ready', role: 'follower' })
  await notify(parts, 'alice', { title: 'before' })
  for (const tab of [first, second]) await tab.rang('before')

  for (const gateway of [...parts.gateways]) await parts.killGateway(gateway)
  for (const tab of [first, second]) await tab.was({ phase: 'waiting' })
  for (const title of ['missed', 'missed too']) await notify(parts, 'alice', { title })
  await notify(parts, 'alice', { title: 'only stored', level: 'normal' })
  await parts.addGateway()
  for (const tab of [first, second]) await tab.moveTo(parts.ws)
  for (const tab of [first, second]) {
    await tab.is({ phase: 'ready' })
    await tab.rang('before', 'missed', 'missed too', 'only stored')
    expect((await tab.heard('notification')).map(({ recovered }) => recovered)).toEqual([undefined, true, true, true])
  }
  await untilSockets(parts, 'alice', 1)
  await notify(parts, 'alice', { title: 'after' })
  for (const tab of [first, second]) await tab.rang('before', 'missed', 'missed too', 'only stored', 'after')
})

test('a gateway that drains sends the page to another one', async ({ context, parts, partsSite }) => {
  const tab = await openTab(context, parts, partsSite.origin, 'alice')
  const { clientId } = await tab.is({ phase: 'ready' })
  await parts.drainGateway(parts.gatewayOf(clientId))
  await tab.was({ phase: 'waiting', code: 1012 })
  const now = await tab.is({ phase: 'ready' })
  parts.gatewayOf(now.clientId)
  expect(await tab.heard('reconnect')).toHaveLength(1)
  await notify(parts, 'alice', { title: 'on another gateway' })
  await tab.rang('on another gateway')
})

test('the api is killed: sockets stay, and a page that needs it waits until it is there again', async ({ context, parts, partsSite }) => {
  const tab = await openTab(context, parts, partsSite.origin, 'alice', { retry })
  const { clientId } = await tab.is({ phase: 'ready' })
  await parts.killApi()
  expect((await tab.status()).phase).toBe('ready')

  await parts.killGateway(parts.gatewayOf(clientId))
  await tab.was({ phase: 'waiting', code: 502 })
  await parts.startApi()
  await tab.is({ phase: 'ready' })
  await notify(parts, 'alice', { title: 'bound again' })
  await tab.rang('bound again')
})

test('after the last attempt nothing happens until somebody wants it', async ({ context, parts, partsSite }) => {
  const tab = await openTab(context, parts, partsSite.origin, 'alice', { retry: { baseMs: 50, capMs: 50, jitterMs: 0, limit: 2 } })
  await tab.is({ phase: 'ready' })
  for (const gateway of [...parts.gateways]) await parts.killGateway(gateway)
  await tab.is({ phase: 'exhausted', retryAt: null })
  expect(tab.sockets).toHaveLength(3)

  await parts.addGateway()
  await tab.moveTo(parts.ws)
  expect((await tab.status()).phase).toBe('exhausted')
  await tab.page.evaluate(() => window.story.client.retryNow())
  await tab.is({ phase: 'ready' })
})

test('the machine is offline for a while, and each notification appears once', async ({ context, dev, site }) => {
  const tab = await openTab(context, dev, site.origin, 'alice')
  await tab.is({ phase: 'ready' })
  await context.setOffline(true)
  await tab.is({ phase: 'paused' })
  for (const title of ['one', 'two']) await notify(dev, 'alice', { title })
  await context.setOffline(false)
  await tab.is({ phase: 'ready' })
  await tab.rang('one', 'two')
  await notify(dev, 'alice', { title: 'three' })
  await tab.rang('one', 'two', 'three')
})
