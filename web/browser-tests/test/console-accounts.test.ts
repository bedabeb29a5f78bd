import type { Locator } from 'playwright-core'
import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'

const DAVE = 'correct horse'

test('a user with a role sees what the role allows, and is signed out when disabled', async ({ browser, context, dev }) => {
  const admin = await ConsoleTab.open(context, dev, 'admin', '/accounts?tab=roles')
  await makeRole(admin, 'operator', 'websocket.inspect')
  await admin.page.getByRole('tab', { name: 'Users' }).click()
  await makeUser(admin, 'dave', DAVE, 'operator')
  const card = drawer(admin, 'User')
  await card.getByText('by role operator').waitFor()

  const elsewhere = await browser.newContext({ locale: 'en-US' })
  const dave = await ConsoleTab.openAs(elsewhere, dev, 'dave', DAVE)
  await dave.shows('Overview')
  expect(await dave.menu.getByRole('link').allTextContents()).toEqual(['Overview', 'Gateways', 'Live connections', 'Find a user', 'Groups', 'Send', 'Notifications', 'Live events'])
  // A screen that asks for nothing by itself: a refused token could be noticed before the reason arrives.
  await dave.goTo('/send')
  await dave.shows('Send')
  await dave.page.locator('[data-phase=ready]').waitFor()

  await card.getByRole('button', { name: 'Disable', exact: true }).click()
  await admin.answer('Disable', 'left the company')
  await card.getByText('dave is disabled. Connections closed: 1.').waitFor()
  await card.getByText('disabled', { exact: true }).waitFor()
  await dave.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  await dave.says('You were signed out: left the company')
  await dave.logIn('dave', DAVE)
  await dave.says('This account is disabled. Ask whoever manages it.')

  await card.getByRole('button', { name: 'Enable', exact: true }).click()
  await card.getByText('dave is let in again').waitFor()
  await dave.logIn('dave', DAVE)
  await dave.menu.waitFor()
  await elsewhere.close()
})

test('permissions, roles, the manager and the password of a user are changed', async ({ context, dev }) => {
  const admin = await ConsoleTab.open(context, dev, 'admin', '/accounts?tab=roles')
  await makeRole(admin, 'operator', 'websocket.inspect')
  await admin.goTo(`/accounts?user=${dev.users.carol.id}`)
  const card = drawer(admin, 'User')
  const roles = card.getByRole('list', { name: 'Roles' })
  const permissions = card.getByRole('list', { name: 'Permissions' })

  await card.getByRole('combobox', { name: 'Grant a permission' }).selectOption('websocket.inspect')
  await card.getByRole('button', { name: 'Give' }).last().click()
  await permissions.getByText('granted to the user alone').waitFor()
  await card.getByRole('combobox', { name: 'Give a role' }).selectOption('operator')
  await card.getByRole('button', { name: 'Give' }).first().click()
  await roles.getByText('operator').waitFor()
  await permissions.getByText('granted to the user alone, by role operator').waitFor()
  await permissions.getByRole('button', { name: 'Take away websocket.inspect' }).click()
  await card.getByText('It is still carried by roles: operator.').waitFor()
  await roles.getByRole('button', { name: 'Take away operator' }).click()
  await card.getByText('No permissions.').waitFor()

  await card.getByRole('textbox', { name: /^New manager/ }).fill('alice')
  await card.getByRole('button', { name: 'Set manager' }).click()
  await card.getByRole('link', { name: 'alice' }).waitFor()
  await card.getByRole('textbox', { name: 'New password' }).fill('another one')
  await card.getByRole('button', { name: 'Set password' }).click()
  await admin.answer('Set password')
  await card.getByText('carol has another password.').waitFor()
})

test('what the api refuses is told, and what one may not is not offered', async ({ browser, context, dev }) => {
  const { admin: root, users } = dev
  const own = ['user.view', 'user.manage', 'role.manage', 'websocket.inspect']
  for (const permission of own) await root.post('/User/grant', { id: users.alice.id, permission })
  await root.post('/Role/create', { name: 'auditor', permissions: ['audit.view'] })

  const alice = await ConsoleTab.open(context, dev, 'alice', `/accounts?user=${users.admin.id}`)
  const card = drawer(alice, 'User')
  await card.getByText('You cannot change this, because you do not have: ').waitFor()
  expect(await card.getByRole('button', { name: 'Disable' }).count()).toBe(0)

  // Only the api knows who answers to whom.
  const other = await root.post<{ id: number }>('/User/create', { username: 'dave', password: DAVE, manager_id: users.admin.id })
  await alice.goTo(`/accounts?user=${other.id}`)
  await card.getByRole('heading', { name: 'dave' }).waitFor()
  await card.getByRole('button', { name: 'Disable' }).click()
  await alice.answer('Disable', '')
  await card.getByText('This user does not answer to you.').waitFor()

  // A name that is taken.
  await alice.goTo('/accounts')
  await alice.page.getByRole('button', { name: 'New user' }).click()
  const form = alice.page.getByRole('form', { name: 'New user' })
  expect(await form.getByRole('checkbox', { name: /^auditor/ }).isDisabled()).toBe(true)
  expect(await form.getByRole('checkbox', { name: /^audit\.view/ }).isDisabled()).toBe(true)
  await form.getByRole('textbox', { name: 'User name' }).fill('bob')
  await form.getByRole('button', { name: 'Create user' }).click()
  await form.getByText('The user name bob is taken.').waitFor()

  // Roles that may do more are seen, not changed.
  await alice.goTo('/accounts?tab=roles')
  expect(await alice.page.getByRole('button', { name: 'Delete role auditor' }).isDisabled()).toBe(true)

  // Whoever may only look is offered nothing.
  await root.post('/User/grant', { id: users.carol.id, permission: 'user.view' })
  const carols = await browser.newContext({ locale: 'en-US' })
  const carol = await ConsoleTab.open(carols, dev, 'carol', `/accounts?user=${users.bob.id}`)
  await drawer(carol, 'User').getByRole('heading', { name: 'bob' }).waitFor()
  expect(await drawer(carol, 'User').getByRole('button', { name: /Disable|Give|Set/ }).count()).toBe(0)
  await carols.close()
})

test('a role is changed and deleted, and users are found', async ({ context, dev }) => {
  const admin = await ConsoleTab.open(context, dev, 'admin', '/accounts?tab=roles')
  await makeRole(admin, 'operator', 'websocket.inspect')
  await dev.admin.post('/User/giveRole', { id: dev.users.bob.id, role: 'operator' })
  await admin.page.getByRole('button', { name: 'Change role operator' }).click()
  const form = drawer(admin, 'Change role operator')
  await form.getByRole('checkbox', { name: /^audit\.view/ }).check()
  await form.getByRole('button', { name: 'Save' }).click()
  await admin.says('The role operator is changed. Users who have it: 1.')
  await admin.row('operator').getByText('audit.view').waitFor()

  await admin.row('operator').getByRole('link').click()
  const rows = admin.page.getByRole('table', { name: 'Users' }).getByRole('row')
  await rows.filter({ hasText: 'carol' }).waitFor({ state: 'detached' })
  await rows.filter({ hasText: 'bob' }).waitFor()
  await admin.page.getByRole('button', { name: 'Clear filters' }).click()
  await rows.filter({ hasText: 'carol' }).waitFor()

  await admin.page.getByRole('tab', { name: 'Roles' }).click()
  await admin.page.getByRole('button', { name: 'Delete role operator' }).click()
  await admin.answer('Delete')
  await admin.says('The role operator is deleted. Users who had it: 1.')
  await admin.says('There are no roles yet.')
})

test('somebody changes the own password, stays signed in, and signs in with the new one', async ({ browser, context, dev }) => {
  const carol = await ConsoleTab.open(context, dev, 'carol', '/notifications')
  await carol.shows('Notifications')
  const elsewhere = await browser.newContext({ locale: 'en-US' })
  const phone = await ConsoleTab.open(elsewhere, dev, 'carol', '/send')
  await carol.page.getByRole('button', { name: 'Account: carol' }).click()
  await carol.page.getByRole('menuitem', { name: 'Change password' }).click()
  const form = carol.page.getByRole('form', { name: 'Change password' })
  const submit = form.getByRole('button', { name: 'Change password' })
  await form.getByRole('textbox', { name: 'Old password' }).fill('a wrong one')
  await form.getByRole('textbox', { name: 'New password', exact: true }).fill('a new one of mine')
  await form.getByRole('textbox', { name: 'New password again' }).fill('a new one of yours')
  await form.getByText('The two are not the same.').waitFor()
  expect(await submit.isDisabled()).toBe(true)
  await form.getByRole('textbox', { name: 'New password again' }).fill('a new one of mine')
  await submit.click()
  await form.getByText('The old password is wrong.').waitFor()
  await form.getByRole('textbox', { name: 'Old password' }).fill(dev.users.carol.password)
  await submit.click()
  await form.getByText('Your password is changed.').waitFor()

  // This sign-in goes on, the other one has ended.
  await carol.page.reload()
  await carol.shows('Notifications')
  await carol.page.getByRole('button', { name: 'Refresh' }).click()
  await carol.page.locator('[data-phase=ready]').waitFor()
  await phone.page.reload()
  await phone.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  await phone.logIn('carol', 'a new one of mine')
  await phone.shows('Send')
  await elsewhere.close()
})

function drawer(tab: ConsoleTab, title: string): Locator {
  return tab.page.getByRole('dialog', { name: title, exact: true })
}

async function makeRole(tab: ConsoleTab, name: string, permission: string): Promise<void> {
  await tab.page.getByRole('button', { name: 'New role' }).click()
  const form = drawer(tab, 'New role')
  await form.getByRole('textbox', { name: 'Name of the role' }).fill(name)
  await form.getByRole('checkbox', { name: permission }).check()
  await form.getByRole('button', { name: 'Create role' }).click()
  await tab.says(`The role ${name} is there.`)
}

async function makeUser(tab: ConsoleTab, name: string, password: string, role: string): Promise<void> {
  await tab.page.getByRole('button', { name: 'New user' }).click()
  const form = tab.page.getByRole('form', { name: 'New user' })
  await form.getByRole('textbox', { name: 'User name' }).fill(name)
  await form.getByRole('textbox', { name: 'Password' }).fill(password)
  await form.getByRole('checkbox', { name: role, exact: true }).check()
  await form.getByRole('button', { name: 'Create user' }).click()
  await drawer(tab, 'User').getByRole('heading', { name, exact: true }).waitFor()
}
