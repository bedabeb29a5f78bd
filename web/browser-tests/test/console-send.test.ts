import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { openTab, untilSockets } from '../src/tab.js'
import { test } from '../src/story.js'

test('a message to everyone says first how many it would reach, and that number has to be typed', async ({ browser, context, dev, site }) => {
  const alices = await browser.newContext()
  const alice = await openTab(alices, dev, site.origin, 'alice')
  await untilSockets(dev, 'alice', 1)
  const admin = await ConsoleTab.open(context, dev, 'admin', '/send')
  await untilSockets(dev, 'admin', 1)
  const submit = admin.page.getByRole('form', { name: 'Send' }).getByRole('button', { name: 'Send', exact: true })
  await admin.page.getByText('everyone', { exact: true }).click()
  await admin.page.getByRole('textbox', { name: 'Message type' }).fill('tea')
  await admin.says('It would reach 2 connections now.')
  await admin.says('/api/admin/WebSocket/broadcast')
  await submit.click()
  await admin.answer('Cancel')
  expect(await alice.heard('tea')).toEqual([])
  await submit.click()
  await admin.answer('Send', '2')
  await admin.says('Connections reached: 2')
  expect(await alice.heard('tea')).toHaveLength(1)
  await alices.close()
})
