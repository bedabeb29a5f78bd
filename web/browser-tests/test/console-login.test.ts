import { expect } from 'vitest'
import { forceOffline } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'

test('whoever has no permissions sees only what is for everybody, and is told why', async ({ context, dev }) => {
  const carol = await ConsoleTab.open(context, dev, 'carol')
  await carol.shows('Send')
  expect(await carol.menu.getByRole('link').allTextContents()).toEqual(['Send', 'Notifications'])
  expect(await carol.page.getByRole('radio').count()).toBe(1)
  await carol.goTo('/overview')
  await carol.says('carol has no permission of these: websocket.inspect.')
})

test('an operator who is signed out elsewhere is told so, and comes back to where he was', async ({ context, dev }) => {
  const admin = await ConsoleTab.open(context, dev, 'admin', '/gateways')
  await admin.shows('Gateways')
  await forceOffline(dev, 'admin', 'maintenance')
  await admin.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  expect(await admin.page.getByRole('alert').first().textContent()).toMatch(/signed out: maintenance|no longer valid/)
  await admin.page.getByRole('textbox', { name: 'User name' }).fill('admin')
  await admin.page.getByRole('textbox', { name: 'Password' }).fill(dev.users.admin.password)
  await admin.page.keyboard.press('Enter')
  await admin.shows('Gateways')
})
