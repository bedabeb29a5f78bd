import { expect } from 'vitest'
import type { Receipt } from '../src/api.js'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

test('a gateway that is killed is told of, its clients turn up elsewhere, and the page goes on', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/gateways')
  const all = await crowd.isThere(1)
  const [first, second] = crowd.gateways
  if (!first || !second) throw new Error('two gateways are processes of their own')
  const total = async () => {
    const links = await admin.page.getByRole('link', { name: / connections of / }).allTextContents()
    return links.reduce((sum, text) => sum + Number(text.replaceAll(',', '').trim()), 0)
  }
  await until('all are counted', async () => (await total()) === all, total)
  await admin.row(first.up.gateway_id).getByText('serving').waitFor()
  await crowd.killGateway(first)
  await admin.row(first.up.gateway_id).getByText('not reachable').waitFor()
  // After a while it is off the register's list.
  await admin.row(first.up.gateway_id).waitFor({ state: 'detached' })
  await admin.row(second.up.gateway_id).getByText('serving').waitFor()
  await crowd.isThere(1)
  await until('all are counted again', async () => (await total()) === all, total)
  const third = await crowd.addGateway()
  await admin.row(third.up.gateway_id).getByText('serving').waitFor()
})

test('a drain is confirmed, and watched to its end', async ({ context, crowd }) => {
  const gateway = await crowd.addGateway(['--outbox-size', '16KiB', '--send-buffer', '16KiB', '--drain-timeout', '10s'])
  const ofGateway = () => crowd.members.filter(({ clientId }) => clientId.startsWith(gateway.up.gateway_id))
  const guests = await crowd.add(80)
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/gateways')
  const row = admin.row(gateway.up.gateway_id)
  await row.getByRole('button', { name: /^Drain/ }).click()
  await admin.answer('Cancel')
  expect(await row.getByText('serving').count()).toBe(1)
  // Who does not answer a close is waited for, for two seconds; who has read too slowly, for as long as a drain may take.
  const [slow] = ofGateway()
  for (const member of ofGateway()) member.sleep()
  const push = () => crowd.admin.post<Receipt>('/Client/push', { client_id: slow!.clientId, data: 'x'.repeat(60_000) })
  await until('it is given up', async () => (await push()).reached === 0)
  await row.getByRole('button', { name: /^Drain/ }).click()
  await admin.answer('Drain')
  await row.getByRole('progressbar', { name: `Drain of ${gateway.up.rpc}` }).waitFor()
  await row.getByText('draining').waitFor()
  expect(await row.getByRole('button', { name: /^Drain/ }).isDisabled()).toBe(true)
  await admin.says(`Gateway ${gateway.up.rpc} has drained and ended.`)
  await row.waitFor({ state: 'detached' })
  expect(await gateway.program.ended()).toBe(0)
  crowd.forget(gateway)
  crowd.dismiss(...guests)
})

test('an api that goes away is told of, and what was shown stays', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/gateways')
  await admin.page.getByRole('row').getByText('serving').nth(2).waitFor()
  await admin.page.context().setOffline(true)
  await admin.says('The server cannot be reached.')
  expect(await admin.page.getByRole('row').getByText('serving').count()).toBe(3)
  await admin.page.context().setOffline(false)
  await admin.page.getByText('The server cannot be reached.').waitFor({ state: 'detached' })
})
