import { expect } from 'vitest'
import { clients, forceOffline, notify } from '../src/cluster.js'
import { DemoTab } from '../src/demo.js'
import { nginx } from '../src/installed.js'
import { test } from '../src/story.js'
import { untilSockets } from '../src/tab.js'
import { until } from '../src/until.js'

test.skipIf(!nginx())('through nginx: gateways are killed, and what was missed appears once', async ({ context, dev, pair, nginxBefore }) => {
  const host = new URL(dev.http).host
  const { http } = await nginxBefore({ gateways: pair.addresses, api: host, pages: { '/demo/': host } })
  const first = await DemoTab.open(context, http)
  await first.logIn(dev, 'bob')
  await first.isConnected()
  const second = await DemoTab.open(context, http)
  await second.isConnected()
  expect(first.sockets.map((socket) => socket.url())).toEqual([`${http.replace('http', 'ws')}/ws`])
  expect(await clients(dev, 'bob')).toHaveLength(1)
  await notify(dev, 'bob', { title: 'Before' })
  for (const tab of [first, second]) await tab.says('Before')

  await pair.kill()
  for (const tab of [first, second]) {
    await until('it says when it tries again', async () => /reconnecting in \d+ s/i.test(await tab.connection.innerText()), () => tab.connection.innerText())
  }
  await notify(dev, 'bob', { title: 'Missed' })
  await notify(dev, 'bob', { title: 'Only stored', level: 'normal' })
  await pair.startAgain()

  // Whoever does not want to wait presses the button, while it is there.
  const retry = second.page.getByRole('button', { name: 'Reconnect now' })
  await until('it is connected', async () => {
    if ((await second.phase()) === 'ready') return true
    await retry.click({ timeout: 500 }).catch(() => {})
    return false
  })
  for (const tab of [first, second]) {
    await tab.isConnected()
    await tab.counts(3)
    await tab.lists('Only stored', 'Missed', 'Before')
    await tab.says('Missed')
    expect(await tab.alert('Missed').count()).toBe(1)
  }
  await untilSockets(dev, 'bob', 1)
  await notify(dev, 'bob', { title: 'After' })
  for (const tab of [first, second]) {
    await tab.says('After')
    await tab.lists('After', 'Only stored', 'Missed', 'Before')
    expect(await tab.alert('Missed').count()).toBe(1)
  }

  await forceOffline(dev, 'bob', 'maintenance')
  for (const tab of [first, second]) await tab.says('You were signed out: maintenance')
  await untilSockets(dev, 'bob', 0)
})
