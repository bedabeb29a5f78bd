import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { openTab, untilSockets } from '../src/tab.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

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

test('every connection of a user is found on every gateway, hears a push, and ends when the user is forced offline', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/users')
  await admin.says('Enter the id of a user')
  await admin.page.getByRole('textbox', { name: 'User id', exact: true }).fill(String(crowd.users.carol.id))
  await admin.page.getByRole('button', { name: 'Find' }).click()
  await admin.page.getByRole('heading', { name: 'carol' }).waitFor()
  await admin.page.getByText('online', { exact: true }).waitFor()
  const rows = admin.page.getByRole('table', { name: 'Connections of the user' }).locator('tbody').getByRole('row')
  await rows.nth(19).waitFor()
  expect(await rows.count()).toBe(20)
  await admin.page.getByRole('link', { name: 'There are more: list them all' }).click()
  await admin.shows('Live connections')
  const carols = crowd.of('carol')
  await admin.page.getByRole('row').nth(carols.length).waitFor()
  // Those that were sent to another gateway, in another story, are spread as they came.
  const oneOnEach = new Map(carols.map((member) => [member.clientId.slice(0, 16), member]))
  expect(oneOnEach.size).toBeGreaterThan(1)
  for (const { clientId } of oneOnEach.values()) expect(await admin.row(clientId.slice(0, 8)).count()).toBeGreaterThan(0)
  await admin.page.goBack()

  await admin.page.getByRole('textbox', { name: 'Message type' }).fill('lunch')
  await admin.page.getByRole('button', { name: 'Push a message' }).click()
  await admin.says(`Connections reached: ${carols.length}`)
  await until('all of them have heard it', () => carols.every((member) => member.hasHeard('lunch')))

  await admin.page.getByRole('button', { name: 'Force offline' }).click()
  await admin.answer('Force offline', '')
  await admin.says(`Signed out. Connections closed: ${carols.length}.`)
  await admin.page.getByText('offline', { exact: true }).waitFor()
  await admin.says('No connection is bound to this user.')
  await until('none of them comes back', () => carols.every(({ closedWith }) => closedWith === 4_001))
  crowd.dismiss(...carols)
  await crowd.add(carols.length, 'carol')
  await admin.page.getByText('online', { exact: true }).waitFor()
})

test('a user whom nobody knows is told to be none', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/users/999999')
  await admin.says('No account with this id')
  await admin.page.getByText('offline', { exact: true }).waitFor()
})
