import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { openTab, untilSockets } from '../src/tab.js'
import { test } from '../src/story.js'

test('a connection is found, pushed to, put into a group and closed', async ({ browser, context, dev, site }) => {
  const alices = await browser.newContext()
  const alice = await openTab(alices, dev, site.origin, 'alice')
  await untilSockets(dev, 'alice', 1)
  const admin = await ConsoleTab.open(context, dev, 'admin', `/clients?uid=${dev.users.alice.id}`)
  const { clientId } = await alice.is({ phase: 'ready' })
  await admin.page.getByRole('button', { name: `Open connection ${clientId}` }).click()
  const drawer = admin.page.getByRole('dialog', { name: 'Connection' })
  await drawer.getByText('user-agent').waitFor()
  await drawer.getByRole('textbox', { name: 'Group to join' }).fill('lobby')
  await drawer.getByRole('button', { name: 'Join' }).click()
  await drawer.getByRole('link', { name: 'lobby' }).waitFor()
  await drawer.getByRole('textbox', { name: 'Message type' }).fill('greeting')
  await drawer.getByRole('button', { name: 'Push a message' }).click()
  await drawer.getByText('Connections reached: 1').waitFor()
  await drawer.getByRole('button', { name: 'Close the connection' }).click()
  await admin.answer('Close the connection', 'tidying up')
  await drawer.getByText('The connection is closed.').waitFor()
  await untilSockets(dev, 'alice', 0)
  expect((await alice.heard('greeting')).length).toBe(1)
  await alices.close()
})
