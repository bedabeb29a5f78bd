import { expect } from 'vitest'
import { Caller } from '../src/api.js'
import { logIn } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

interface Sent {
  username: string
  id: number
  push: string
  reached: number
}

test('an operator sees what was stored, pushed and read, narrows it, and pushes one again', async ({ browser, context, dev }) => {
  const { alice, bob } = dev.users
  // Nobody of them is connected.
  await dev.admin.post('/Notification/send', { user_ids: [alice.id, bob.id], title: 'Maintenance', content: 'Tonight at 22:00.\nSave your work.', level: 'urgent', notification_type: 'warning', link: '/status' })
  await dev.admin.post('/Notification/send', { user_ids: [bob.id], title: 'Monthly report', content: 'It is there.' })
  await new Caller(dev.http, await logIn(dev, 'alice')).post('/Notification/read', { ids: [1] })
  // What became of a push is noted a moment after it.
  const sent = async (query: string) => (await dev.admin.get<{ list: Sent[] }>(`/Notification/listAll?${query}`)).list
  await until('both pushes are noted', async () => (await sent('push=whole')).length === 2)

  const admin = await ConsoleTab.open(context, dev, 'admin', '/notifications')
  await admin.page.getByRole('tab', { name: 'Everybody\'s' }).click()
  const table = admin.page.getByRole('table', { name: 'Everybody\'s' })
  const rows = table.getByRole('row')
  const ofAlice = rows.filter({ hasText: 'alice' }).filter({ hasText: 'Maintenance' })
  const ofBob = rows.filter({ hasText: 'bob' }).filter({ hasText: 'Maintenance' })
  const report = rows.filter({ hasText: 'Monthly report' })
  await ofAlice.getByText('Read', { exact: true }).waitFor()
  await ofAlice.getByText('pushed, nobody was connected').waitFor()
  await ofBob.getByText('Unread', { exact: true }).waitFor()
  await report.getByText('stored only').waitFor()

  const filters = admin.page.getByRole('form', { name: 'Filters' })
  await filters.getByRole('combobox', { name: 'Push' }).selectOption('none')
  await ofAlice.waitFor({ state: 'detached' })
  await report.waitFor()
  // The address has the filter.
  await admin.page.reload()
  await report.waitFor()
  expect(await ofBob.count()).toBe(0)
  await admin.page.getByRole('button', { name: 'Clear filters' }).click()
  await ofBob.waitFor()
  await filters.getByRole('textbox', { name: 'Title contains' }).fill('MAINTEN')
  await filters.getByRole('textbox', { name: 'Receiver (user id)' }).fill('bob')
  await admin.says('Enter the id of a user.')
  await filters.getByRole('textbox', { name: 'Receiver (user id)' }).fill(String(bob.id))
  await admin.page.keyboard.press('Enter')
  await ofAlice.waitFor({ state: 'detached' })
  await report.waitFor({ state: 'detached' })

  // Bob comes; the console of bob is a page of bob's, too.
  const elsewhere = await browser.newContext({ locale: 'en-US' })
  const atBobs = await ConsoleTab.open(elsewhere, dev, 'bob', '/notifications')
  await atBobs.says('Maintenance')
  await until('bob is online', async () => (await dev.admin.get<{ online: number[] }>(`/User/online?uids=${bob.id}`)).online.length === 1)
  await ofBob.getByRole('button', { name: 'Open “Maintenance” of bob' }).click()
  const drawer = admin.page.getByRole('dialog', { name: 'Notification' })
  await drawer.getByText('Save your work.').waitFor()
  await drawer.getByText('/status').waitFor()
  await drawer.getByRole('button', { name: 'Push again' }).click()
  await drawer.getByText('Pushed again. Connections reached: 1.').waitFor()
  await drawer.getByText('reached 1', { exact: true }).waitFor()
  // It is the one that is there, not another one.
  expect((await sent(`user_id=${bob.id}`)).map(({ id, push, reached }) => ({ id, push, reached }))).toEqual([
    { id: 2, push: 'none', reached: 0 },
    { id: 1, push: 'whole', reached: 1 },
  ])
  await elsewhere.close()
})

test('whoever may not see everybody\'s notifications sees the own ones only', async ({ context, dev }) => {
  const carol = await ConsoleTab.open(context, dev, 'carol', '/notifications?of=everybody')
  await carol.shows('Notifications')
  await carol.says('Your own')
  expect(await carol.page.getByRole('tab').count()).toBe(0)
})
