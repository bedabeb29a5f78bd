import { expect } from 'vitest'
import { notify } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

test('a notification is stored for several users, and rings on every page of theirs', async ({ context, crowd }) => {
  const { users } = crowd
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/notifications')
  await crowd.isThere(1)
  const form = admin.page.getByRole('form', { name: 'New notification' })
  const submit = form.getByRole('button', { name: 'Send notification' })
  await form.getByRole('textbox', { name: 'User ids' }).fill('alice')
  await form.getByText('Enter whole numbers with commas between them.').waitFor()
  await form.getByRole('textbox', { name: 'User ids' }).fill(`${users.bob.id}, ${users.carol.id}`)
  await form.getByRole('textbox', { name: 'Title' }).fill('Fire drill')
  await form.getByRole('textbox', { name: 'Content' }).fill('At three.')
  await form.getByRole('textbox', { name: 'Link' }).fill('javascript:alert(1)')
  await form.getByText('A link begins with').waitFor()
  expect(await submit.isDisabled()).toBe(true)
  await form.getByRole('textbox', { name: 'Link' }).fill('/drill')
  await submit.click()
  const members = [...crowd.of('bob'), ...crowd.of('carol')]
  await form.getByText(`Stored for users: 2. Pushed to connections: ${members.length}.`).waitFor()
  await until('it rang everywhere', () => members.every(({ heard }) => heard.some(({ type, data }) => type === 'notification' && (data as { title: string }).title === 'Fire drill')))

  // One that is not urgent waits until they look.
  await form.getByText('Normal', { exact: true }).click()
  await form.getByRole('textbox', { name: 'Title' }).fill('Minutes of the drill')
  await submit.click()
  await form.getByText('Stored for users: 2. Pushed to connections: 0.').waitFor()
})

test('an operator reads and deletes the own notifications', async ({ context, dev }) => {
  const admin = await ConsoleTab.open(context, dev, 'admin', '/notifications')
  await admin.page.locator('[data-phase=ready]').waitFor()
  await admin.says('Nothing here. Send yourself one')
  await notify(dev, 'admin', { title: 'Rings' })
  const own = admin.page.getByRole('list', { name: 'Your own' }).getByRole('listitem')
  // By its push alone.
  await own.filter({ hasText: 'Rings' }).getByText('Unread', { exact: true }).waitFor()
  await notify(dev, 'admin', { title: 'Waits', level: 'normal' })
  await admin.page.getByRole('button', { name: 'Refresh' }).click()
  await own.filter({ hasText: 'Waits' }).waitFor()
  await admin.page.getByRole('button', { name: 'Mark as read: “Rings”' }).click()
  await own.filter({ hasText: 'Rings' }).getByText('Read', { exact: true }).waitFor()
  await admin.page.getByRole('radiogroup', { name: 'Which notifications' }).getByText('Unread').click()
  await own.filter({ hasText: 'Rings' }).waitFor({ state: 'detached' })
  await own.filter({ hasText: 'Waits' }).waitFor()
  await admin.page.getByRole('button', { name: 'Mark all as read' }).click()
  await own.first().waitFor({ state: 'detached' })
  await admin.page.getByRole('radiogroup', { name: 'Which notifications' }).getByText('All').click()
  await admin.page.getByRole('button', { name: 'Delete “Waits”' }).click()
  await own.filter({ hasText: 'Waits' }).waitFor({ state: 'detached' })
  await own.filter({ hasText: 'Rings' }).waitFor()
})
