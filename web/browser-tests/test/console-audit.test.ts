import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { Caller } from '../src/api.js'
import { forceOffline, logIn } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

test('the audit tells who did what and how it went, is filtered, and is downloaded', async ({ context, dev }) => {
  await forceOffline(dev, 'carol', 'maintenance')
  const bob = new Caller(dev.http, await logIn(dev, 'bob'))
  await expect(bob.post('/WebSocket/broadcast', { data: {} })).rejects.toThrow('403')
  // What changes nothing in the database is written a moment later.
  for (const action of ['websocket.force_offline', 'auth.denied']) {
    const entries = () => dev.admin.get<{ list: object[] }>(`/Audit/list?action=${action}`)
    await until(`the audit has ${action}`, async () => (await entries()).list.length > 0)
  }
  const admin = await ConsoleTab.open(context, dev, 'admin', '/audit')
  const table = admin.page.getByRole('table', { name: 'Audit' })
  const rows = table.getByRole('row')
  // Whoever starts `gatepipe dev` granted a permission of this name.
  const forced = rows.filter({ hasText: 'websocket.force_offline' }).filter({ hasText: 'carol' })
  const denied = rows.filter({ hasText: 'auth.denied' })
  await forced.getByText('done').waitFor()
  await denied.getByText('refused').waitFor()
  await denied.getByText('bob').first().waitFor()

  const filters = admin.page.getByRole('form', { name: 'Filters' })
  await filters.getByRole('combobox', { name: 'Result' }).selectOption('refused')
  await forced.waitFor({ state: 'detached' })
  await denied.waitFor()
  // The address has the filter.
  await admin.page.reload()
  await denied.waitFor()
  expect(await forced.count()).toBe(0)
  const [file] = await Promise.all([admin.page.waitForEvent('download'), admin.page.getByRole('button', { name: 'Download as CSV' }).click()])
  const csv = await readFile(await file.path(), 'utf8')
  expect(file.suggestedFilename()).toMatch(/\.csv$/)
  expect(csv).toContain('auth.denied')
  expect(csv).not.toContain('websocket.force_offline')

  await admin.page.getByRole('button', { name: 'Clear filters' }).click()
  await forced.waitFor()
  await filters.getByRole('textbox', { name: 'Who (user id)' }).fill('bob')
  await admin.says('Enter the id of a user.')
  await filters.getByRole('textbox', { name: 'Who (user id)' }).fill(String(dev.users.bob.id))
  await admin.page.keyboard.press('Enter')
  await forced.waitFor({ state: 'detached' })
  await denied.waitFor()
  await filters.getByRole('textbox', { name: 'What', exact: true }).fill('nothing.such')
  await admin.page.keyboard.press('Enter')
  await admin.says(/action must be of auth\.login/)
})

test('the audit goes on page by page, and leads from a user to what was done', async ({ context, dev }) => {
  // More than a page of them, each written before it is answered.
  for (let number = 0; number < 55; number += 1) await dev.admin.post('/Role/create', { name: `role-${number}`, permissions: [] })
  const admin = await ConsoleTab.open(context, dev, 'admin', '/audit?action=role')
  const rows = admin.page.getByRole('table', { name: 'Audit' }).getByRole('row')
  await rows.filter({ hasText: 'role-54' }).waitFor()
  expect(await rows.count()).toBe(51)
  await admin.page.getByRole('button', { name: 'Next' }).click()
  await rows.filter({ hasText: 'role-0' }).waitFor()
  expect(await rows.count()).toBe(6)
  await admin.page.getByRole('button', { name: 'Back' }).click()
  await rows.filter({ hasText: 'role-54' }).waitFor()

  await dev.admin.post('/User/grant', { id: dev.users.carol.id, permission: 'audit.view' })
  await admin.goTo(`/accounts?user=${dev.users.carol.id}`)
  await admin.page.getByRole('link', { name: 'What was done to this user' }).click()
  await admin.shows('Audit')
  await rows.filter({ hasText: 'user.grant' }).getByText('audit.view').waitFor()
})

test('whoever may not see the audit is told so', async ({ context, dev }) => {
  const carol = await ConsoleTab.open(context, dev, 'carol', '/audit')
  await carol.says('carol has no permission of these: audit.view.')
})
