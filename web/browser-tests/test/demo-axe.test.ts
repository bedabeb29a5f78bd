import axe from 'axe-core'
import { expect } from 'vitest'
import { notify } from '../src/cluster.js'
import { DemoTab } from '../src/demo.js'
import { test } from '../src/story.js'

/** What axe finds on the page as it stands that keeps people from using it. */
async function faults(tab: DemoTab): Promise<string[]> {
  // Nothing that is on its way in or out, half transparent.
  await tab.page.evaluate(() => Promise.allSettled(document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity).map(({ finished }) => finished)))
  await tab.page.evaluate(axe.source)
  const { violations } = await tab.page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run())
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return bad.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${String(target)}: ${failureSummary}`))
}

test.for(['light', 'dark'] as const)('the pages of the demo keep nobody out: %s', async (colorScheme, { browser, dev }) => {
  const context = await browser.newContext({ locale: 'en-US', colorScheme, reducedMotion: 'reduce' })
  try {
    const tab = await DemoTab.open(context, dev.http)
    await tab.page.getByRole('button', { name: 'Sign in as alice' }).waitFor()
    expect(await faults(tab)).toEqual([])
    await tab.logIn(dev, 'admin')
    await tab.isConnected()
    expect(await faults(tab)).toEqual([])
    await notify(dev, 'admin', { title: 'Urgent', content: 'With a link', link: '/send' })
    await notify(dev, 'admin', { title: 'Normal', level: 'normal' })
    await tab.says('Urgent')
    expect(await faults(tab)).toEqual([])
    await tab.alert('Urgent').getByRole('button', { name: 'Mark as read' }).click()
    await tab.page.getByRole('button', { name: 'Refresh' }).click()
    await tab.lists('Normal', 'Urgent')
    expect(await faults(tab)).toEqual([])
    await tab.goTo('/devTools/exportTask')
    await tab.page.getByRole('heading', { name: 'Exports' }).waitFor()
    expect(await faults(tab)).toEqual([])
    await tab.goTo('/send')
    for (const name of ['Notification', 'Push to a user', 'Broadcast', 'Force offline']) {
      await tab.page.getByRole('tab', { name }).click()
      await tab.page.getByRole('form', { name }).waitFor()
      expect(await faults(tab)).toEqual([])
    }
  } finally {
    await context.close()
  }
})
