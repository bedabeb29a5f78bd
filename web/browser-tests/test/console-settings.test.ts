import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'

test('every setting is shown with where it comes from, and no secret is', async ({ context, parts }) => {
  const admin = await ConsoleTab.open(context, parts, 'admin', '/settings')
  const table = admin.page.getByRole('table', { name: 'Settings' })
  const row = (name: string) => table.getByRole('row').filter({ has: admin.page.getByText(name, { exact: true }) })
  await row('listen').getByRole('cell', { name: /^flag/ }).waitFor()
  await row('register').getByText(parts.register).waitFor()
  await row('token-lifetime').getByRole('cell', { name: /^default/ }).waitFor()
  await row('jwt-secret').getByRole('cell', { name: /^flag/ }).waitFor()
  expect(await table.innerText()).not.toContain(await parts.jwtSecret())

  const filters = admin.page.getByRole('form', { name: 'Filters' })
  await filters.getByText('only what was given').click()
  await row('token-lifetime').waitFor({ state: 'detached' })
  await row('listen').waitFor()
  await filters.getByRole('textbox', { name: 'Search' }).fill('secret')
  await row('listen').waitFor({ state: 'detached' })
  await row('jwt-secret').waitFor()
  await filters.getByRole('textbox', { name: 'Search' }).fill('no such thing')
  await admin.says('No setting fits.')
})
