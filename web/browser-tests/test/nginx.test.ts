import { expect } from 'vitest'
import { forceOffline, notify } from '../src/cluster.js'
import { nginx } from '../src/installed.js'
import { test } from '../src/story.js'
import { openTab, untilSockets } from '../src/tab.js'

test.skipIf(!nginx())('through nginx, as it is deployed: one origin, one socket, a gateway that dies, and the end', async ({ context, parts, partsSite, nginxBefore }) => {
  const gateways = parts.gateways.map(({ up }) => up.clients) as [string, string]
  const { http } = await nginxBefore({ gateways, api: new URL(parts.http).host, pages: { '/story/': partsSite.address } })
  const options = { ws: undefined }
  const first = await openTab(context, parts, http, 'bob', options)
  const { clientId } = await first.is({ phase: 'ready', role: 'leader' })
  const second = await openTab(context, parts, http, 'bob', options)
  await second.is({ phase: 'ready', role: 'follower' })
  expect(first.sockets.map((socket) => socket.url())).toEqual([`${http.replace('http', 'ws')}/ws`])
  await notify(parts, 'bob', { title: 'one' })
  for (const tab of [first, second]) await tab.rang('one')

  await parts.killGateway(parts.gatewayOf(clientId))
  for (const tab of [first, second]) {
    await tab.was({ phase: 'waiting' })
    await tab.is({ phase: 'ready' })
  }
  await untilSockets(parts, 'bob', 1)
  await notify(parts, 'bob', { title: 'two' })
  for (const tab of [first, second]) await tab.rang('one', 'two')

  await forceOffline(parts, 'bob', 'maintenance')
  for (const tab of [first, second]) await tab.is({ phase: 'forced_offline', code: 4001, reason: 'maintenance' })
  await untilSockets(parts, 'bob', 0)
})
