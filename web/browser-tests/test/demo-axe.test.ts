import { expect } from 'vitest'
import { faults } from '../src/axe.js'
import { notify } from '../src/cluster.js'
import { DemoTab } from '../src/demo.js'
import { test } from '../src/story.js'

test.for(['light', 'dark'] as const)('the pages of the demo keep nobody out: %s', async (colorScheme, { browser, dev }) => {
  const context = await browser.newContext({ locale: 'en-US', colorScheme, reducedMotion: 'reduce' })
  try {
    const tab = await DemoTab.open(context, dev.http)
    await tab.page.getByRole('button', { name: 'Sign in as alice' }).waitFor()
    expect(await faults(tab.page)).toEqual([])
    await tab.logIn(dev, 'admin')
    await tab.isConnected()
    expect(await faults(tab.page)).toEqual([])
    await notify(dev, 'admin', { title: 'Urgent', content: 'With a link', link: '/send' })
    await notify(dev, 'admin', { title: 'Normal', level: 'normal' })
    await tab.says('Urgent')
    expect(await faults(tab.page)).toEqual([])
    await tab.alert('Urgent').getByRole('button', { name: 'Mark as read' }).click()
    await tab.page.getByRole('button', { name: 'Refresh' }).click()
    await tab.lists('Normal', 'Urgent')
    expect(await faults(tab.page)).toEqual([])
    await tab.goTo('/devTools/exportTask')
    await tab.page.getByRole('heading', { name: 'Exports' }).waitFor()
    expect(await faults(tab.page)).toEqual([])
    await tab.goTo('/send')
    for (const name of ['Notification', 'Push to a user', 'Broadcast', 'Force offline']) {
      await tab.page.getByRole('tab', { name }).click()
      await tab.page.getByRole('form', { name }).waitFor()
      expect(await faults(tab.page)).toEqual([])
    }
  } finally {
    await context.close()
  }
})
