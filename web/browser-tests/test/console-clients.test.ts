import type { Locator } from 'playwright-core'
import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

const PER_PAGE = 50

test('300 connections are turned page by page, forwards and back', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/send')
  const all = await crowd.isThere(1)
  // Listed only now: a list from before would be one of others.
  await admin.goTo('/clients')
  const next = admin.page.getByRole('button', { name: 'Next' })
  const pages = [await listed(admin)]
  while (await next.isEnabled()) {
    await next.click()
    pages.push(await another(admin, pages.at(-1)!))
  }
  expect(pages.slice(0, -1).map(({ length }) => length)).toEqual(Array.from({ length: Math.ceil(all / PER_PAGE) - 1 }, () => PER_PAGE))
  const seen = pages.flat()
  expect(seen).toHaveLength(all)
  expect(new Set(seen).size).toBe(all)
  for (const { clientId } of crowd.members) expect(seen).toContain(clientId)
  await admin.page.getByText(`Page ${pages.length}`, { exact: true }).waitFor()
  await admin.page.getByRole('button', { name: 'Back' }).click()
  expect(await another(admin, pages.at(-1)!)).toEqual(pages.at(-2))
  await admin.page.getByRole('button', { name: 'First' }).click()
  expect(await another(admin, pages.at(-2)!)).toEqual(pages[0])
})

test('connections are filtered, the address of the page keeps the filter, and the way back works', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/clients')
  const filters = admin.page.getByRole('form', { name: 'Filters' })
  const search = filters.getByRole('button', { name: 'Search' })
  const rows = admin.page.getByRole('table', { name: 'Live connections' }).locator('tbody').getByRole('row')
  await rows.first().waitFor()

  // carol has fewer than a page.
  await filters.getByRole('textbox', { name: 'uid' }).fill(String(crowd.users.carol.id))
  await search.click()
  await lists(admin, crowd.of('carol').map(({ clientId }) => clientId))
  await admin.page.reload()
  await lists(admin, crowd.of('carol').map(({ clientId }) => clientId))

  // Of one gateway.
  const [gateway] = crowd.gateways
  await filters.getByRole('combobox', { name: 'Gateway' }).selectOption(gateway!.up.rpc)
  await lists(admin, crowd.of('carol').map(({ clientId }) => clientId).filter((id) => id.startsWith(gateway!.up.gateway_id)))
  await admin.page.goBack()
  await lists(admin, crowd.of('carol').map(({ clientId }) => clientId))

  await admin.page.getByRole('button', { name: 'Clear filters' }).click()
  await filters.getByRole('textbox', { name: 'Group' }).fill('ops')
  await search.click()
  await lists(admin, crowd.in('ops').map(({ clientId }) => clientId))
  await filters.getByRole('combobox', { name: 'Bound' }).selectOption('not bound')
  await admin.says('No connection fits these filters.')
  await filters.getByRole('textbox', { name: 'Group' }).fill('')
  await search.click()
  await rows.filter({ hasText: 'not bound' }).nth(PER_PAGE - 1).waitFor()
  expect(await rows.count()).toBe(PER_PAGE)
  await filters.getByRole('textbox', { name: 'Address begins with' }).fill('10.')
  await search.click()
  await admin.says('No connection fits these filters.')
})

test('a connection is looked at, pushed to, put into a group and out of it, unbound and closed', async ({ context, crowd }) => {
  const [guest] = await crowd.add(1, 'carol')
  const admin = await ConsoleTab.open(context, crowd, 'admin', `/clients?client=${guest!.clientId}`)
  const drawer = admin.page.getByRole('dialog', { name: 'Connection' })
  await drawer.getByText('crowd/1.0').waitFor()
  await drawer.getByText('https://crowd.example').waitFor()
  await drawer.getByText('ops').waitFor()

  await drawer.getByRole('textbox', { name: 'Group to join' }).fill('lounge')
  await drawer.getByRole('button', { name: 'Join' }).click()
  await drawer.getByText('It is in the group lounge.').waitFor()
  await drawer.getByRole('link', { name: 'lounge' }).waitFor()
  await drawer.getByRole('button', { name: 'Leave the group lounge' }).click()
  await drawer.getByText('It is not in the group lounge any more.').waitFor()
  await drawer.getByRole('link', { name: 'lounge' }).waitFor({ state: 'detached' })

  await drawer.getByRole('textbox', { name: 'Message type' }).fill('greeting')
  await drawer.getByRole('textbox', { name: 'Data (JSON)' }).fill('{"big":12345678901234567890}')
  await drawer.getByRole('button', { name: 'Push a message' }).click()
  await drawer.getByText('Connections reached: 1').waitFor()
  await until('it has heard the greeting', () => guest!.hasHeard('greeting'))

  await drawer.getByRole('button', { name: 'Unbind' }).click()
  await admin.answer('Unbind')
  await drawer.getByText('It is not bound any more.').waitFor()
  await drawer.getByText('not bound', { exact: true }).waitFor()
  await drawer.getByRole('button', { name: 'Close the connection' }).click()
  await admin.answer('Close the connection', 'tidying up')
  await drawer.getByText('The connection is closed.').waitFor()
  await until('it is closed for good', () => guest!.closedWith !== undefined)
  crowd.dismiss(guest!)
})

/** The ids of the connections in the table, from the top; there is at least one. */
async function listed({ page }: ConsoleTab): Promise<string[]> {
  const buttons: Locator = page.getByRole('table', { name: 'Live connections' }).getByRole('button', { name: /^Open connection / })
  await buttons.first().waitFor()
  return await buttons.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')!.replace('Open connection ', '')))
}

/** The same when it is another page than this one. */
async function another(tab: ConsoleTab, before: string[]): Promise<string[]> {
  return await until('another page is shown', async () => {
    const now = await listed(tab)
    return now[0] !== before[0] && now
  })
}

/** Waits until exactly these are listed. */
async function lists(tab: ConsoleTab, ids: string[]): Promise<void> {
  expect(ids.length).toBeGreaterThan(0)
  const expected = ids.sort().join()
  await until(`${ids.length} connections are listed`, async () => (await listed(tab)).sort().join() === expected, () => listed(tab))
}
