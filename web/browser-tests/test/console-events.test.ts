import { readFile } from 'node:fs/promises'
import type { Locator } from 'playwright-core'
import { expect } from 'vitest'
import type { Crowd } from '../src/crowd.js'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

test('what happens is shown as it happens, is filtered, held still and saved', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/events')
  const events = admin.page.getByRole('list', { name: 'Live events' }).getByRole('listitem')
  const filters = admin.page.getByRole('form', { name: 'Filters' })
  await hearsAll(admin)
  await push(crowd, 'alice', 'first')
  await events.filter({ hasText: 'type first' }).filter({ hasText: `connections: ${crowd.of('alice').length}` }).waitFor()

  // Only pushes, only to bob: neither alice's push nor a newcomer.
  await filters.getByRole('textbox', { name: 'uid' }).fill(String(crowd.users.bob.id))
  await admin.page.keyboard.press('Enter')
  await choose(filters, admin, 'pushed')
  await hearsAll(admin)
  const [newcomer] = await crowd.add(1, 'bob')
  await push(crowd, 'alice', 'second')
  await push(crowd, 'bob', 'third')
  await events.filter({ hasText: 'type third' }).waitFor()
  expect(await events.count()).toBe(1)
  crowd.dismiss(newcomer!)

  // Held still: what comes is counted, and shown later.
  await admin.page.getByRole('button', { name: 'Pause' }).click()
  for (const type of ['fourth', 'fifth']) await push(crowd, 'bob', type)
  await admin.says('Paused. New since then: 2.')
  expect(await events.count()).toBe(1)
  await admin.page.getByRole('button', { name: 'Go on' }).click()
  await events.filter({ hasText: 'type fifth' }).waitFor()
  expect(await events.count()).toBe(3)

  const [file] = await Promise.all([admin.page.waitForEvent('download'), admin.page.getByRole('button', { name: 'Save as JSONL' }).click()])
  const saved = (await readFile(await file.path(), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string; text: string })
  expect(saved.map(({ type, text }) => [type, text])).toEqual([['pushed', 'fifth'], ['pushed', 'fourth'], ['pushed', 'third']])
  await admin.page.getByRole('button', { name: 'Clear' }).click()
  await admin.says('Nothing has happened yet.')
})

test('when more happens than can be told the page says that it is a sample', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/events')
  await hearsAll(admin)
  const sampled = admin.page.getByText(/^This is a sample: [\d,]+ more came than are told\.$/)
  // All of them leave at once, which is more than the 200 that are told in a second.
  await until('it is a sample', async () => {
    crowd.dismiss(...(await crowd.add(300)))
    return await sampled.isVisible()
  })
})

/** Waits until the page hears of the clients of all gateways: what happened before is not told. */
async function hearsAll(tab: ConsoleTab): Promise<void> {
  await tab.page.getByText('live', { exact: true }).waitFor()
  await tab.says('Gateways heard: 3.')
}

async function push(crowd: Crowd, name: 'alice' | 'bob', type: string): Promise<void> {
  await crowd.admin.post('/WebSocket/pushToUser', { uid: crowd.users[name].id, type, data: {} })
}

/** What shows the choice lies above the field. */
async function choose(filters: Locator, tab: ConsoleTab, option: string): Promise<void> {
  await filters.getByRole('combobox', { name: 'Types' }).click({ force: true })
  await tab.page.getByRole('option', { name: option, exact: true }).click()
  await tab.page.keyboard.press('Escape')
}
