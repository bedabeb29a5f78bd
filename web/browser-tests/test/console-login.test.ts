import { expect } from 'vitest'
import { forceOffline } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { Parts } from '../src/parts.js'
import { test } from '../src/story.js'

/** By address, the title of each screen and what opens it. */
const CLOSED = {
  '/overview': 'websocket.inspect',
  '/gateways': 'websocket.inspect',
  '/clients': 'websocket.inspect',
  '/users/1': 'websocket.inspect',
  '/groups': 'websocket.inspect',
  '/events': 'websocket.inspect',
  '/accounts': 'user.view',
  '/audit': 'audit.view',
  '/settings': 'settings.inspect',
}

test('whoever has no permissions sees only what is for everybody, and is told why', async ({ context, dev }) => {
  const carol = await ConsoleTab.open(context, dev, 'carol')
  await carol.shows('Send')
  expect(await carol.menu.getByRole('link').allTextContents()).toEqual(['Send', 'Notifications'])
  expect(await carol.page.getByRole('radio').count()).toBe(1)
  for (const [at, permission] of Object.entries(CLOSED)) {
    await carol.goTo(at)
    await carol.says(`carol has no permission of these: ${permission}.`)
    expect(await carol.page.getByRole('heading', { level: 1 }).count(), at).toBe(0)
  }
  // What is open to her offers nothing that she may not.
  await carol.goTo('/notifications')
  await carol.shows('Notifications')
  expect(await carol.page.getByRole('form', { name: 'New notification' }).count()).toBe(0)
  await carol.goTo('/send')
  await carol.page.getByRole('textbox', { name: 'User id' }).fill(String(dev.users.alice.id))
  await carol.page.getByRole('form', { name: 'Send' }).getByRole('button', { name: 'Send', exact: true }).click()
  await carol.says('It was not done: You are not allowed to do this.')
})

test('whoever may only look sees every list and no button that changes something', async ({ context, dev }) => {
  for (const permission of ['websocket.inspect', 'user.view', 'audit.view', 'settings.inspect']) {
    await dev.admin.post('/User/grant', { id: dev.users.bob.id, permission })
  }
  const bob = await ConsoleTab.open(context, dev, 'bob', '/gateways')
  await bob.page.locator('[data-phase=ready]').waitFor()
  await bob.page.getByRole('row').getByText('serving').first().waitFor()
  expect(await bob.page.getByRole('button', { name: /Drain/ }).count()).toBe(0)
  await bob.goTo('/clients')
  await bob.page.getByRole('button', { name: /^Open connection / }).first().click()
  const drawer = bob.page.getByRole('dialog', { name: 'Connection' })
  await drawer.getByText('user-agent').waitFor()
  expect(await drawer.getByRole('button', { name: /Close the connection|Unbind|Join|Push/ }).count()).toBe(0)
  await bob.goTo(`/users/${dev.users.alice.id}`)
  await bob.page.getByText('offline', { exact: true }).waitFor()
  expect(await bob.page.getByRole('button', { name: 'Force offline' }).count()).toBe(0)
  await bob.goTo('/accounts')
  await bob.page.getByRole('table', { name: 'Users' }).getByText('carol').waitFor()
  expect(await bob.page.getByRole('button', { name: /New user|New role|Disable/ }).count()).toBe(0)
  await bob.goTo('/audit')
  await bob.page.getByRole('table', { name: 'Audit' }).getByText('user.grant').first().waitFor()
  await bob.goTo('/settings')
  await bob.page.getByRole('table', { name: 'Settings' }).getByText('token-lifetime').waitFor()
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
  // However soon after the end of the login before: this one has a live connection of its own.
  await admin.page.locator('[data-phase=ready]').waitFor()
})

test('a sign-in that runs out while the page is open leads to the login, and from there back', async ({ context }) => {
  // Long enough for all that has to happen before it runs out, on a slow machine, too.
  const parts = await Parts.start(['--token-lifetime', '20s'])
  try {
    const admin = await ConsoleTab.open(context, parts, 'admin', '/gateways')
    // Nobody does anything: the page looks at the gateways by itself, and is refused.
    await admin.page.getByText('Your sign-in is no longer valid. Please sign in again.').waitFor({ timeout: 60_000 })
    await admin.logIn('admin', parts.users.admin.password)
    await admin.shows('Gateways')
    await admin.page.getByRole('row').getByText('serving').first().waitFor()
  } finally {
    await parts.stop()
  }
})
