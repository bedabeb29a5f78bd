import { expect } from 'vitest'
import { notify } from '../src/cluster.js'
import { test } from '../src/story.js'
import { openTab, untilSockets } from '../src/tab.js'
import { until } from '../src/until.js'

const heartbeat = { everyMs: 200 }

test('a tab out of sight asks nothing, and asks at once when somebody comes back to it', async ({ profile, dev, site }) => {
  const context = await profile()
  const hidden = await openTab(context, dev, site.origin, 'alice', { heartbeat })
  const asked = hidden.countSent('ping')
  await hidden.is({ phase: 'ready' })
  await until('it asks', () => asked() > 0)

  // Another user's tab in front of it, with the same heartbeat, tells the time.
  const shown = await openTab(context, dev, site.origin, 'bob', { heartbeat })
  const clock = shown.countSent('ping')
  await shown.is({ phase: 'ready' })
  await until('it is hidden', () => hidden.page.evaluate(() => document.visibilityState === 'hidden'))
  await until('what was under way is over', () => clock() >= 2)
  const before = asked()
  const { clientId } = await hidden.status()
  await until('eight heartbeats pass', () => clock() >= 10)
  expect(asked()).toBe(before)

  await hidden.page.bringToFront()
  await until('it asks again', () => asked() > before)
  await notify(dev, 'alice', { title: 'welcome back' })
  await hidden.rang('welcome back')
  expect((await hidden.status()).clientId).toBe(clientId)
})

test('a tab that the browser freezes lets another one have the socket, and misses nothing', async ({ profile, dev, site }) => {
  const context = await profile()
  const first = await openTab(context, dev, site.origin, 'alice')
  await first.is({ phase: 'ready', role: 'leader' })
  const second = await openTab(context, dev, site.origin, 'alice')
  await second.is({ phase: 'ready', role: 'follower' })

  await first.setLife('frozen')
  await second.is({ phase: 'ready', role: 'leader' })
  await untilSockets(dev, 'alice', 1)
  await notify(dev, 'alice', { title: 'while it was frozen' })
  await second.rang('while it was frozen')

  await first.setLife('active')
  await first.page.bringToFront()
  await first.is({ phase: 'ready', role: 'follower' })
  await first.rang('while it was frozen')
  await notify(dev, 'alice', { title: 'for both again' })
  for (const tab of [first, second]) await tab.rang('while it was frozen', 'for both again')
})
