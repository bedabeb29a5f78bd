import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

test('groups are listed with their numbers, and their members page by page', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/groups')
  await crowd.isThere(1)
  await admin.page.getByRole('button', { name: 'Refresh' }).click()
  const lobby = crowd.in('lobby')
  // One user each, on all gateways.
  await admin.row('lobby').getByRole('cell', { name: String(lobby.length), exact: true }).waitFor()
  await admin.row('lobby').getByRole('cell', { name: '1', exact: true }).waitFor()
  await admin.row('ops').getByRole('cell', { name: String(crowd.in('ops').length), exact: true }).waitFor()

  await admin.page.getByRole('button', { name: 'Open group lobby' }).click()
  const drawer = admin.page.getByRole('dialog', { name: 'Group lobby' })
  const members = drawer.getByRole('table', { name: 'Members' }).locator('tbody').getByRole('row')
  await members.nth(19).waitFor()
  expect(await members.count()).toBe(20)
  const before = await members.first().textContent()
  await drawer.getByRole('button', { name: 'Next' }).click()
  await drawer.getByText('Page 2', { exact: true }).waitFor()
  await until('the second page is shown', async () => (await members.first().textContent()) !== before)

  // From a member to its connection, and from there into another group.
  await members.first().getByRole('link').first().click()
  const client = admin.page.getByRole('dialog', { name: 'Connection' })
  await client.getByRole('textbox', { name: 'Group to join' }).fill('night shift')
  await client.getByRole('button', { name: 'Join' }).click()
  await client.getByText('It is in the group night shift.').waitFor()
  await client.getByRole('link', { name: 'night shift' }).click()
  await admin.shows('Groups')
  const night = admin.page.getByRole('dialog', { name: 'Group night shift' })
  await night.getByRole('table', { name: 'Members' }).waitFor()

  // And on to a message for all of them.
  await night.getByRole('link', { name: 'Send to this group' }).click()
  await admin.shows('Send')
  await admin.says('It would reach 1 connections now.')
  await admin.page.getByRole('textbox', { name: 'Message type' }).fill('wake')
  await admin.page.getByRole('form', { name: 'Send' }).getByRole('button', { name: 'Send', exact: true }).click()
  await admin.says('Connections reached: 1')
  await until('the one has heard it', () => lobby.filter((member) => member.hasHeard('wake')).length === 1)

  // Whoever was in a group that is dissolved stays connected.
  await admin.goTo('/groups?group=night shift')
  await night.getByRole('button', { name: 'Dissolve the group' }).click()
  await admin.answer('Cancel')
  await night.getByRole('button', { name: 'Dissolve the group' }).click()
  await admin.answer('Dissolve the group')
  await night.getByText('Members that were taken out: 1.').waitFor()
  await night.getByText('Nobody is in this group.').waitFor()
  await admin.row('night shift').waitFor({ state: 'detached' })
  await crowd.isThere(1)
})
