import { expect } from 'vitest'
import { notify } from '../src/cluster.js'
import { test } from '../src/story.js'
import { openTab, untilSockets } from '../src/tab.js'

test('on an insecure origin each tab has a socket of its own, and rings once', async ({ context, dev, site }) => {
  const tabs = [await openTab(context, dev, site.insecureOrigin, 'alice'), await openTab(context, dev, site.insecureOrigin, 'alice')]
  for (const tab of tabs) {
    await tab.is({ phase: 'ready', role: 'solo' })
    expect(await tab.page.evaluate(() => [isSecureContext, 'locks' in navigator])).toEqual([false, false])
  }
  await untilSockets(dev, 'alice', 2)
  await notify(dev, 'alice', { title: 'once in each' })
  for (const tab of tabs) await tab.rang('once in each')

  await tabs[0]!.page.evaluate(() => window.story.client.logout())
  for (const tab of tabs) await tab.is({ phase: 'closed', reason: 'logout' })
  await untilSockets(dev, 'alice', 0)
})

test('where storage is forbidden each tab has a socket of its own', async ({ profile, dev, site }) => {
  const context = await profile({ profile: { default_content_setting_values: { cookies: 2 } } })
  const tabs = [await openTab(context, dev, site.origin, 'alice'), await openTab(context, dev, site.origin, 'alice')]
  for (const tab of tabs) {
    await tab.is({ phase: 'ready', role: 'solo' })
    const refused = await tab.page.evaluate(() => navigator.locks.request('any', () => '').catch(({ name }: Error) => name))
    expect(refused).toBe('SecurityError')
  }
  await untilSockets(dev, 'alice', 2)
  await notify(dev, 'alice', { title: 'once in each' })
  for (const tab of tabs) await tab.rang('once in each')
})
