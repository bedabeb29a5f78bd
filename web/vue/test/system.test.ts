// @vitest-environment happy-dom
import type { NotificationPayload } from '@gatepipe/client'
import { createMemoryTabs } from '@gatepipe/client/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import { useNotifications, useWebSocket, type GatepipeOptions, type Notifications, type UseNotificationsOptions } from '../src/index.js'
import { closeApps, createBackend, openApp, pass, type Backend } from './app.js'

/** The browser's notifications, as far as a page sees them. */
class Shown {
  static permission: NotificationPermission = 'granted'
  static all: Shown[] = []
  static requestPermission = vi.fn(() => Promise.resolve((Shown.permission = 'granted')))
  onclick: (() => void) | null = null
  close = vi.fn()
  constructor(
    readonly title: string,
    readonly options: NotificationOptions,
  ) {
    Shown.all.push(this)
  }
}

let hidden = true
beforeEach(() => {
  vi.useFakeTimers()
  hidden = true
  Shown.permission = 'granted'
  Shown.all = []
  Shown.requestPermission.mockClear()
  vi.stubGlobal('Notification', Shown)
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden)
})
afterEach(async () => {
  closeApps()
  await pass(1_000)
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

let inbox: Notifications
const centres = ref(1)

/** Sends an urgent one, and lets the page see it. */
async function notify(server: Backend, row: Partial<NotificationPayload> = {}) {
  server.notify(row)
  await pass()
}

function look(now: boolean) {
  hidden = !now
  document.dispatchEvent(new Event('visibilitychange'))
}

async function openPage(server: Backend, options: GatepipeOptions = {}, use: UseNotificationsOptions = { system: true }) {
  const Centre = defineComponent(() => {
    inbox = useNotifications(use)
    return () => h('i')
  })
  const Layout = defineComponent(() => {
    useWebSocket()
    return () => Array.from({ length: centres.value }, (_, key) => h(Centre, { key }))
  })
  centres.value = 1
  const page = openApp(Layout, server, options)
  await pass()
  return page
}

test('an urgent one shows in the browser while the page is hidden', async () => {
  const server = createBackend()
  await openPage(server)
  await notify(server, { title: 'Your export is ready', content: 'Click to download' })
  expect(Shown.all).toMatchObject([{ title: 'Your export is ready', options: { body: 'Click to download', tag: 'gatepipe 1' } }])
})

test('it does not while somebody looks, when it is not urgent, without permission, and where nobody asked for it', async () => {
  const server = createBackend()
  await openPage(server)
  hidden = false
  await notify(server)
  hidden = true
  await notify(server, { level: 'normal' })
  Shown.permission = 'denied'
  await notify(server)
  Shown.permission = 'granted'
  centres.value = 0
  await pass()
  await notify(server)
  closeApps()
  await pass(1_000)
  await openPage(server, {}, {})
  await notify(server)
  expect(Shown.all).toEqual([])
})

test('two components that ask for it get it once', async () => {
  const server = createBackend()
  await openPage(server)
  centres.value = 2
  await pass()
  await notify(server)
  expect(Shown.all).toHaveLength(1)
})

test('of two tabs with one socket one shows it', async () => {
  const server = createBackend()
  const environment = { ...createMemoryTabs(), WebSocket: server.WebSocket }
  const options = { identity: () => 1, environment }
  const first = await openPage(server, options)
  const second = await openPage(server, options)
  expect([first, second].map(({ gatepipe }) => gatepipe.client.status.role)).toEqual(['leader', 'follower'])
  expect(inbox.unread.value).toBe(0)
  await notify(server)
  await pass()
  expect(inbox.unread.value).toBe(1)
  expect(Shown.all).toHaveLength(1)
})

test('it does not while somebody looks at another tab; where tabs know nothing of each other it does', async () => {
  const held = new Set<string>()
  let refused = false
  let requests = 0
  const locks = {
    async request(name: string, _: object, hold: () => Promise<void>) {
      requests += 1
      held.add(name)
      await hold()
      held.delete(name)
    },
    query: () => (refused ? Promise.reject(new Error('storage is forbidden')) : Promise.resolve({ held: [...held].map((name) => ({ name })) })),
  }
  vi.stubGlobal('navigator', { locks, onLine: true })
  const server = createBackend()
  await openPage(server, { tabs: 'off' })
  // This page's own sight stands for that of a tab beside it.
  look(true)
  await pass()
  hidden = true
  await notify(server)
  expect([held.size, Shown.all.length]).toEqual([1, 0])
  refused = true
  await notify(server)
  expect(Shown.all).toHaveLength(1)
  refused = false
  look(false)
  await pass()
  await notify(server)
  expect([held.size, Shown.all.length]).toEqual([0, 2])
  // Looked at again, by whichever of its components.
  look(true)
  centres.value = 3
  await pass()
  expect([held.size, requests]).toEqual([1, 2])
})

test('of many that were missed the last one stands for all', async () => {
  const server = createBackend()
  await openPage(server)
  server.cut()
  await pass()
  for (let row = 1; row <= 3; row += 1) server.notify({}, false)
  await pass(2_000)
  expect(new Set(Shown.all.map(({ options }) => options.tag))).toEqual(new Set(['gatepipe ']))
})

test('a click comes to the page and follows the link, if that is harmless', async () => {
  const server = createBackend()
  const open = vi.fn()
  const focus = vi.spyOn(window, 'focus').mockImplementation(() => {})
  await openPage(server, { open })
  await notify(server, { link: '/devTools/exportTask' })
  for (const link of ['', 'javascript:alert(1)', '//evil.test']) await notify(server, { link })
  // Business code pushes what it likes.
  server.push('notification', { title: 'x', level: 'urgent', link: 'javascript:alert(1)' })
  await pass()
  expect(Shown.all).toHaveLength(5)
  for (const shown of Shown.all) shown.onclick?.()
  expect(open.mock.calls).toEqual([['/devTools/exportTask']])
  expect(focus).toHaveBeenCalledTimes(5)
  expect(Shown.all.every(({ close }) => close.mock.calls.length === 1)).toBe(true)
})

test('without a way of its own the page goes there', async () => {
  const server = createBackend()
  const assign = vi.spyOn(location, 'assign').mockImplementation(() => {})
  vi.spyOn(window, 'focus').mockImplementation(() => {})
  await openPage(server)
  await notify(server, { link: '/devTools/exportTask' })
  Shown.all[0]?.onclick?.()
  expect(assign.mock.calls).toEqual([['/devTools/exportTask']])
})

test('the user is asked from within a click only, and answers', async () => {
  const server = createBackend()
  Shown.permission = 'default'
  await openPage(server)
  expect([inbox.permission.value, Shown.requestPermission.mock.calls.length]).toEqual(['default', 0])
  const activation = { isActive: false }
  vi.stubGlobal('navigator', { userActivation: activation, onLine: true })
  expect(await inbox.askPermission()).toBe('default')
  expect(Shown.requestPermission).not.toHaveBeenCalled()
  activation.isActive = true
  expect(await inbox.askPermission()).toBe('granted')
  expect(inbox.permission.value).toBe('granted')
})

test('where there are none, as on insecure origins, nothing happens', async () => {
  vi.stubGlobal('Notification', undefined)
  const server = createBackend()
  await openPage(server)
  await notify(server)
  expect(inbox.permission.value).toBe('unsupported')
  expect(await inbox.askPermission()).toBe('unsupported')
})

test('a browser that shows them from service workers only disturbs nobody', async () => {
  vi.stubGlobal(
    'Notification',
    class {
      static permission = 'granted'
      constructor() {
        throw new TypeError('Illegal constructor')
      }
    },
  )
  const server = createBackend()
  await openPage(server)
  await notify(server)
  await pass()
  expect(inbox.unread.value).toBe(1)
})
