import { expect } from 'vitest'
import { Caller } from '../src/api.js'
import { INSECURE_HOST } from '../src/browser.js'
import { clients, forceOffline, notify } from '../src/cluster.js'
import { DemoTab } from '../src/demo.js'
import { test } from '../src/story.js'
import { untilSockets } from '../src/tab.js'
import { until } from '../src/until.js'

test('somebody logs in, and a notification rings the bell in two tabs with one socket', async ({ context, dev }) => {
  const first = await DemoTab.open(context, dev.http)
  await first.logIn(dev, 'alice', 'wrong password')
  await first.says('User name or password is wrong.')
  expect(first.sockets).toEqual([])
  await first.logIn(dev, 'alice')
  await first.isConnected()
  const second = await DemoTab.open(context, dev.http)
  await second.isConnected()
  expect(await clients(dev, 'alice')).toHaveLength(1)
  expect([first.sockets.length, second.sockets.length]).toEqual([1, 0])

  await notify(dev, 'alice', { title: 'Fire drill', content: 'At noon' })
  for (const tab of [first, second]) {
    await tab.says('Fire drill')
    await tab.counts(1)
    await tab.lists('Fire drill')
  }

  // What is read in one tab is read in the other.
  await second.alert('Fire drill').getByRole('button', { name: 'Mark as read' }).click()
  for (const tab of [first, second]) {
    await tab.counts(0)
    await tab.alert('Fire drill').waitFor({ state: 'detached' })
  }
})

test('the tab with the socket is closed, and another one is connected again within a second', async ({ context, dev }) => {
  const first = await DemoTab.open(context, dev.http)
  await first.logIn(dev, 'alice')
  await first.isConnected()
  const tabs = [first]
  for (let count = 0; count < 3; count++) tabs.push(await DemoTab.open(context, dev.http))
  for (const tab of tabs) {
    await tab.isConnected()
    await tab.watchConnection()
  }
  // The quickest counts, as in the story of bare tabs.
  const tookMs: number[] = []
  while (tabs.length > 1) {
    const leading = tabs.findIndex(({ sockets }) => sockets.length > 0)
    const closedAt = Date.now()
    await tabs.splice(leading, 1)[0]!.page.close()
    const readyAt = await until('another tab is connected', async () => {
      const times = await Promise.all(tabs.filter(({ sockets }) => sockets.length > 0).map((tab) => tab.connectedAt()))
      return times.flat().find((at) => at >= closedAt)
    })
    tookMs.push(readyAt - closedAt)
    for (const tab of tabs) await tab.isConnected()
    await untilSockets(dev, 'alice', 1)
  }
  expect(Math.min(...tookMs)).toBeLessThan(1_000)
  await notify(dev, 'alice', { title: 'Still here' })
  await tabs[0]!.says('Still here')
  await tabs[0]!.counts(1)
})

test('forced offline signs both tabs out for good, and the old token is refused', async ({ context, dev }) => {
  const first = await DemoTab.open(context, dev.http)
  await first.logIn(dev, 'bob')
  await first.isConnected()
  const second = await DemoTab.open(context, dev.http)
  await second.isConnected()
  const { token } = first
  await new Caller(dev.http, token).get('/Auth/me')

  await forceOffline(dev, 'bob', 'maintenance')
  for (const tab of [first, second]) await tab.says('You were signed out: maintenance')
  await untilSockets(dev, 'bob', 0)
  await expect(new Caller(dev.http, token).get('/Auth/me')).rejects.toMatchObject({ status: 401 })

  // Nobody came back meanwhile, and a new login is as good as the first.
  expect(first.sockets.length + second.sockets.length).toBe(1)
  await second.logIn(dev, 'bob')
  for (const tab of [first, second]) await tab.isConnected()
  await untilSockets(dev, 'bob', 1)
})

test('who signs out in one tab is signed out in all of them', async ({ context, dev }) => {
  const first = await DemoTab.open(context, dev.http)
  await first.logIn(dev, 'alice')
  await first.isConnected()
  const second = await DemoTab.open(context, dev.http)
  await second.isConnected()
  await second.signOut('alice')
  for (const tab of [first, second]) await tab.says('You have signed out.')
  await untilSockets(dev, 'alice', 0)
})

test('on an insecure origin each tab has a socket of its own, and all else is as usual', async ({ context, dev }) => {
  const origin = `http://${INSECURE_HOST}:${new URL(dev.http).port}`
  const first = await DemoTab.open(context, origin)
  await first.logIn(dev, 'alice')
  await first.isConnected()
  const second = await DemoTab.open(context, origin)
  await second.isConnected()
  expect(await second.page.evaluate(() => isSecureContext)).toBe(false)
  await untilSockets(dev, 'alice', 2)
  await notify(dev, 'alice', { title: 'Once in each' })
  for (const tab of [first, second]) {
    await tab.says('Once in each')
    await tab.counts(1)
    await tab.lists('Once in each')
    expect(await tab.alert('Once in each').count()).toBe(1)
  }
  await first.look()
  await first.alert('Once in each').getByRole('button', { name: 'Mark as read' }).click()
  for (const tab of [first, second]) await tab.counts(0)
  await first.signOut('alice')
  for (const tab of [first, second]) await tab.says('You have signed out.')
  await untilSockets(dev, 'alice', 0)
})

test('titles, contents and links of others are text, and do nothing', async ({ context, dev }) => {
  const tab = await DemoTab.open(context, dev.http)
  await tab.logIn(dev, 'alice')
  await tab.isConnected()
  const title = `<img src="x" onerror="window.harmed = 'title'">`
  const content = `<script>window.harmed = 'content'</script><a href="javascript:window.harmed = 'link'">here</a>`
  await notify(dev, 'alice', { title, content })
  await tab.says(title)
  await tab.lists(title)
  for (const place of [tab.alert(title), tab.page.getByRole('listitem').filter({ hasText: title })]) {
    expect(await place.textContent()).toContain(content)
    expect(await place.locator('img, script, a').count()).toBe(0)
  }

  // The api takes no such link; whoever may push can send one all the same.
  await expect(notify(dev, 'alice', { title: 'no', link: 'javascript:alert(1)' })).rejects.toMatchObject({ status: 422 })
  for (const [number, link] of ["javascript:window.harmed = 'pushed'", ' javascript:window.harmed = 1', '//elsewhere.test/'].entries()) {
    const data = { title: `Link ${number}`, content: 'without', level: 'urgent', notification_type: 'info', link }
    await dev.admin.post('/WebSocket/pushToUser', { uid: dev.users.alice.id, data })
    await tab.says(`Link ${number}`)
    expect(await tab.alert(`Link ${number}`).getByRole('link').count()).toBe(0)
  }
  expect(await tab.page.evaluate(() => (window as { harmed?: string }).harmed)).toBe(undefined)
})
