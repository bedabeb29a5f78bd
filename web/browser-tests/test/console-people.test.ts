import { ConsoleTab } from '../src/console.js'
import { openTab, untilSockets } from '../src/tab.js'
import { test } from '../src/story.js'

test('a user is found, hears a notification, and is forced offline with the reason', async ({ browser, context, dev, site }) => {
  const alices = await browser.newContext()
  const alice = await openTab(alices, dev, site.origin, 'alice')
  await untilSockets(dev, 'alice', 1)
  const admin = await ConsoleTab.open(context, dev, 'admin', `/users/${dev.users.alice.id}`)
  await admin.page.getByText('online', { exact: true }).waitFor()
  await admin.page.getByRole('tab', { name: 'New notification' }).click()
  const form = admin.page.getByRole('form', { name: 'New notification' })
  await form.getByRole('textbox', { name: 'Title' }).fill('Lunch')
  await form.getByRole('textbox', { name: 'Content' }).fill('At noon')
  await form.getByRole('button', { name: 'Send notification' }).click()
  await admin.says('Stored for users: 1. Pushed to connections: 1.')
  await alice.rang('Lunch')
  await admin.says('Unread notifications: 1')
  await admin.page.getByRole('button', { name: 'Force offline' }).click()
  await admin.answer('Force offline', 'maintenance')
  await alice.is({ phase: 'forced_offline', reason: 'maintenance' })
  await admin.page.getByText('offline', { exact: true }).waitFor()
  await alices.close()
})
