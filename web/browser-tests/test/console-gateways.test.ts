import { expect } from 'vitest'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

test('a gateway that is killed is told of, and the page goes on', async ({ context, parts }) => {
  const admin = await ConsoleTab.open(context, parts, 'admin', '/gateways')
  const [first, second] = parts.gateways
  if (!first || !second) throw new Error('there are two gateways')
  await admin.row(first.up.gateway_id).getByText('serving').waitFor()
  await parts.killGateway(first)
  await admin.row(first.up.gateway_id).getByText('not reachable').waitFor()
  // After a while it is off the register's list.
  await until('it is listed no longer', async () => (await admin.row(first.up.gateway_id).count()) === 0)
  await admin.row(second.up.gateway_id).getByText('serving').waitFor()
})

test('a drain is confirmed, and watched to its end', async ({ context, parts }) => {
  const admin = await ConsoleTab.open(context, parts, 'admin', '/gateways')
  const [first] = parts.gateways
  if (!first) throw new Error('there are two gateways')
  const row = admin.row(first.up.gateway_id)
  await row.getByRole('button', { name: /^Drain/ }).click()
  await admin.answer('Cancel')
  expect(await row.getByText('serving').count()).toBe(1)
  await row.getByRole('button', { name: /^Drain/ }).click()
  await admin.answer('Drain')
  await until('it is listed no longer', async () => (await row.count()) === 0)
})

test('an api that goes away is told of, and what was shown stays', async ({ context, dev }) => {
  const admin = await ConsoleTab.open(context, dev, 'admin', '/gateways')
  await admin.page.getByRole('row').getByText('serving').first().waitFor()
  await admin.page.context().setOffline(true)
  await admin.says('The server cannot be reached.')
  expect(await admin.page.getByRole('row').getByText('serving').count()).toBe(2)
  await admin.page.context().setOffline(false)
  await admin.page.getByText('The server cannot be reached.').waitFor({ state: 'detached' })
})
