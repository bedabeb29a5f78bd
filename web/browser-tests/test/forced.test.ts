import { expect } from 'vitest'
import { forceOffline, notify } from '../src/cluster.js'
import { test } from '../src/story.js'
import { openTab, untilSockets } from '../src/tab.js'

test('forced offline ends all tabs for good, and the old token is refused', async ({ context, dev, site }) => {
  const first = await openTab(context, dev, site.origin, 'bob')
  await first.is({ phase: 'ready' })
  const second = await openTab(context, dev, site.origin, 'bob')
  await second.is({ phase: 'ready', role: 'follower' })

  await forceOffline(dev, 'bob', 'maintenance')
  for (const tab of [first, second]) await tab.is({ phase: 'forced_offline', code: 4001, reason: 'maintenance' })
  await untilSockets(dev, 'bob', 0)

  // The pages insist, with the tokens that they have.
  for (const tab of [first, second]) {
    await tab.page.evaluate(() => window.story.client.connect())
    await tab.is({ phase: 'denied', code: 401 })
  }
  await untilSockets(dev, 'bob', 0)

  // With a new login everything is as before.
  const third = await openTab(context, dev, site.origin, 'bob')
  await third.is({ phase: 'ready' })
  await notify(dev, 'bob', { title: 'welcome back' })
  await third.rang('welcome back')
  expect(await first.titles()).toEqual([])
})
