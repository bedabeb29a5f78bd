import { expect } from 'vitest'
import { clients } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { nginx } from '../src/installed.js'
import { test } from '../src/story.js'

test.skipIf(!nginx())('through nginx: the host leads to the console, which is live', async ({ context, dev, pair, nginxBefore }) => {
  const { http } = await nginxBefore({ gateways: pair.addresses, api: new URL(dev.http).host, pages: {} })
  const page = await context.newPage()
  await page.goto(http)
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/console/')
  const bare = await fetch(`${http}/console`, { redirect: 'manual' })
  expect([bare.status, bare.headers.get('location')]).toEqual([301, '/console/'])

  const admin = await ConsoleTab.open(context, { ...dev, http }, 'admin')
  await admin.page.locator('[data-phase=ready]').waitFor()
  // By nginx, since dev's own gateways are not among those it stands before.
  const [own] = await clients(dev, 'admin')
  expect(pair.ids).toContain(own!.gateway_id)
  // What streams arrives at once, though nginx stands between.
  await admin.page.getByText('live', { exact: true }).waitFor()
  await admin.page.getByRole('list', { name: 'Five numbers' }).getByRole('listitem').filter({ hasText: /^Connections\s*1$/ }).waitFor()
})
