import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'

test('the overview shows numbers, lines and what happened, and the search leads on', async ({ context, dev }) => {
  const admin = await ConsoleTab.open(context, dev, 'admin')
  await admin.shows('Overview')
  const tiles = admin.page.getByRole('list', { name: 'Five numbers' }).getByRole('listitem')
  // The page's own connection.
  await tiles.filter({ hasText: /^Connections\s*1$/ }).waitFor()
  await tiles.filter({ hasText: /2 \/ 2$/ }).waitFor()
  await admin.page.getByRole('figure', { name: 'Connections by gateway' }).locator('canvas').waitFor()
  await admin.page.getByRole('figure', { name: 'Disconnects a minute, by reason' }).getByText('told to stay away').waitFor()
  await admin.page.getByRole('figure', { name: 'How long binds took, through this api' }).getByText('half (p50)').waitFor()
  expect(await admin.page.getByRole('figure').count()).toBe(8)
  await admin.says('gateway joined')
  await admin.page.keyboard.press('/')
  await admin.page.keyboard.type(String(dev.users.alice.id))
  await admin.page.keyboard.press('Enter')
  await admin.shows('Find a user')
  await admin.says('alice')
})
