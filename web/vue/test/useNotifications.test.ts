// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, nextTick, ref } from 'vue'
import { onWsMessage, useNotifications, useWebSocket, type Notifications, type Requester, type UseNotificationsOptions } from '../src/index.js'
import { closeApps, createBackend, openApp, pass, type Backend, type Caller } from './app.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(async () => {
  closeApps()
  await pass(1_000)
  vi.useRealTimers()
})

let inbox: Notifications
const shown = ref(true)

/** A page with a notification centre in its layout. */
async function openPage(server: Backend, options: UseNotificationsOptions = {}, request: Requester = server.request) {
  const Centre = defineComponent(() => {
    inbox = useNotifications(options)
    const rows = () => inbox.items.value.map(({ id, title, link }) => h('li', [h('a', { href: link || undefined }, `${id} ${title}`)]))
    return () => [h('ul', rows()), h('b', inbox.unread.value)]
  })
  const Layout = defineComponent(() => {
    useWebSocket()
    return () => h('main', h(Centre))
  })
  shown.value = true
  const page = openApp(() => (shown.value ? h(Layout) : h('form')), server, { request })
  await pass()
  return page
}

const ids = () => inbox.items.value.map(({ id }) => id)
/** The numbers, and how many are unread. */
const seen = () => [ids(), inbox.unread.value]

test.each<Caller>(['response', 'body', 'data'])('list and count come over HTTP, from a caller that answers with the %s', async (caller) => {
  const server = createBackend(caller)
  server.notify({ title: 'read long ago', is_read: true })
  server.notify({ title: 'new' })
  const { element } = await openPage(server)
  expect(seen()).toEqual([[2, 1], 1])
  await nextTick()
  expect(element.textContent).toBe('2 new1 read long ago1')
  expect([inbox.hasMore.value, inbox.lastError.value]).toEqual([false, null])
})

test('what was stored before the page came stands in the list and does not ring; what is pushed rings and counts', async () => {
  const server = createBackend()
  server.notify()
  const { gatepipe } = await openPage(server)
  const rang: unknown[] = []
  gatepipe.client.on('notification', ({ data }) => rang.push(data.id))
  server.notify()
  server.notify({ level: 'normal' }, false)
  server.notify()
  expect(rang).toEqual([2, 4])
  expect(seen()).toEqual([[4, 2, 1], 3])
})

test('after a gap everything is there, once, and what was missed rings once', async () => {
  const server = createBackend()
  server.notify()
  const { gatepipe } = await openPage(server)
  const rang: unknown[] = []
  gatepipe.client.on('notification', ({ data, recovered }) => rang.push([data.id, recovered]))
  server.cut()
  await pass()
  server.notify({ title: 'missed' })
  server.notify({ level: 'normal' }, false)
  server.notify({ is_read: true }, false)
  await pass(2_000)
  expect(rang).toEqual([
    [2, true],
    [3, true],
  ])
  expect(seen()).toEqual([[4, 3, 2, 1], 3])
})

test('the number of unread ones is right for an inbox that is longer than a page', async () => {
  const server = createBackend()
  for (let row = 1; row <= 250; row += 1) server.notify({ is_read: row % 2 === 0 }, false)
  await openPage(server)
  expect(ids()).toHaveLength(20)
  expect(inbox.unread.value).toBe(125)
  expect(inbox.hasMore.value).toBe(true)
})

test.each([
  ['before the count', '/unreadCount', 1],
  ['after the count', '/list', 2],
])('one that is stored %s of a load is counted once, when its push comes late and when it comes early', async (_, route, nth) => {
  for (const late of [true, false]) {
    const server = createBackend()
    for (let row = 1; row <= 30; row += 1) server.notify({ is_read: true }, false)
    let loading = false
    let calls = 0
    let push = () => {}
    const request: Requester = {
      ...server.request,
      async get(url, config) {
        if (loading && url.endsWith(route) && (calls += 1) === nth) {
          const row = server.notify({}, false)
          push = () => void server.push('notification', row)
          if (!late) push()
        }
        return server.request.get(url, config)
      },
    }
    await openPage(server, {}, request)
    loading = true
    await inbox.refresh()
    expect(server.rows).toHaveLength(31)
    push()
    expect([ids()[0], inbox.unread.value]).toEqual([31, 1])
    closeApps()
    await pass(1_000)
  }
})

test('the push of an old one, beyond the page, comes too late to count', async () => {
  const server = createBackend()
  for (let row = 1; row <= 30; row += 1) server.notify({}, false)
  await openPage(server)
  server.push('notification', server.rows[0])
  expect([ids().length, inbox.unread.value]).toEqual([20, 30])
})

test('a list that never stands still is taken as it is', async () => {
  const server = createBackend()
  for (let row = 1; row <= 30; row += 1) server.notify({ is_read: true }, false)
  const request: Requester = {
    ...server.request,
    get(url, config) {
      if (url.endsWith('/unreadCount')) server.notify({}, false)
      return server.request.get(url, config)
    },
  }
  await openPage(server, {}, request)
  await pass(1_000)
  expect(inbox.lastError.value).toBeNull()
  expect(ids()).toHaveLength(20)
  expect(server.requests.filter((line) => line.endsWith('/list')).length).toBeLessThan(20)
})

test('older ones are loaded page by page, each once, however often they are asked for', async () => {
  const server = createBackend()
  for (let row = 1; row <= 25; row += 1) server.notify({}, false)
  await openPage(server, { pageSize: 10 })
  expect(ids()).toHaveLength(10)
  await Promise.all([inbox.loadMore(), inbox.loadMore()])
  expect(ids()).toHaveLength(20)
  expect(await inbox.loadMore()).toBe(true)
  expect(ids()).toEqual(Array.from({ length: 25 }, (_, row) => 25 - row))
  expect(inbox.hasMore.value).toBe(false)
  // As many as are there are loaded again.
  server.notify({}, false)
  await inbox.refresh()
  expect(ids()).toHaveLength(25)
  expect([ids()[0], inbox.hasMore.value]).toEqual([26, true])
})

/** A caller whose answers of one kind wait, once it is told to hold them. */
function holding(server: Backend, kind: (url: string, body: object) => boolean) {
  const held: (() => void)[] = []
  const gate = {
    hold: false,
    release: () => held.splice(0).forEach((go) => go()),
    request: {
      async get(url, config) {
        const answer = await server.request.get(url, config)
        if (gate.hold && kind(url, config.params ?? {})) await new Promise<void>((resolve) => held.push(resolve))
        return answer
      },
      async post(url, body, config) {
        const answer = await server.request.post(url, body, config)
        if (gate.hold && kind(url, body)) await new Promise<void>((resolve) => held.push(resolve))
        return answer
      },
    } as Requester,
  }
  return gate
}

test('one that is pushed while the list is on its way is kept beside it', async () => {
  const server = createBackend()
  server.notify({}, false)
  const gate = holding(server, () => true)
  await openPage(server, {}, gate.request)
  gate.hold = true
  const refreshing = inbox.refresh()
  await pass()
  server.notify()
  server.push('notification', { ...server.notify({}, false), is_read: true })
  gate.release()
  await refreshing
  expect(seen()).toEqual([[3, 2, 1], 2])
  server.push('notification', { ...server.notify({}, false), is_read: true })
  expect(seen()).toEqual([[4, 3, 2, 1], 2])
})

test('reading one while older ones are loaded disturbs neither', async () => {
  const server = createBackend()
  for (let row = 1; row <= 15; row += 1) server.notify({}, false)
  const gate = holding(server, (_, params) => 'before_id' in params)
  await openPage(server, { pageSize: 10 }, gate.request)
  gate.hold = true
  const more = inbox.loadMore()
  await inbox.markRead(ids())
  gate.release()
  await more
  expect([ids().length, inbox.unread.value]).toEqual([15, 5])
})

test('nothing of a user who has gone comes to the next one: no older ones, no reading, no error', async () => {
  const server = createBackend()
  for (let row = 1; row <= 15; row += 1) server.notify({}, false)
  const gate = holding(server, (url, params) => 'before_id' in params || url.endsWith('/read'))
  const { gatepipe } = await openPage(server, { pageSize: 10 }, gate.request)
  gate.hold = true
  const more = inbox.loadMore()
  const reading = inbox.markRead(15)
  await pass()
  server.status = 500
  const failing = inbox.loadMore()
  gatepipe.client.logout()
  await failing
  expect(inbox.lastError.value).toBeNull()
  server.status = 200
  shown.value = false
  await pass(1_000)
  for (const row of server.rows) row.is_read = false
  server.uid = 2
  gate.hold = false
  shown.value = true
  await pass()
  server.status = 500
  expect([ids().length, inbox.unread.value, inbox.lastError.value]).toEqual([10, 15, null])
  gate.release()
  await Promise.all([more, reading])
  expect([ids().length, inbox.unread.value, inbox.lastError.value]).toEqual([10, 15, null])
})

test('a page that left by a button, and looked again over HTTP, forgets it with the layout', async () => {
  const server = createBackend()
  server.notify({}, false)
  const { gatepipe } = await openPage(server)
  gatepipe.client.disconnect()
  expect(seen()).toEqual([[], 0])
  await inbox.refresh()
  expect(seen()).toEqual([[1], 1])
  shown.value = false
  await pass(1_000)
  expect(seen()).toEqual([[], 0])
})

test('a page of older ones that comes after a newer list is dropped', async () => {
  const server = createBackend()
  for (let row = 1; row <= 30; row += 1) server.notify({}, false)
  let answer = () => {}
  const request: Requester = {
    ...server.request,
    async get(url, config) {
      const page = await server.request.get(url, config)
      if (config.params?.before_id) await new Promise<void>((resolve) => (answer = resolve))
      return page
    },
  }
  await openPage(server, { pageSize: 10 }, request)
  const more = inbox.loadMore()
  for (let row = 1; row <= 15; row += 1) server.notify({}, false)
  await inbox.refresh()
  await pass()
  answer()
  await more
  expect(ids()).toEqual(Array.from({ length: 10 }, (_, row) => 45 - row))
})

test('reading one, several and all, here', async () => {
  const server = createBackend()
  for (let row = 1; row <= 5; row += 1) server.notify({}, false)
  await openPage(server)
  expect(await inbox.markRead(5)).toBe(true)
  expect(inbox.unread.value).toBe(4)
  expect(inbox.items.value[0]).toMatchObject({ id: 5, is_read: true })
  await inbox.markRead([5, 4, 3])
  expect(inbox.unread.value).toBe(2)
  await inbox.markAllRead()
  await pass()
  expect(inbox.unread.value).toBe(0)
  expect(server.rows.every((row) => row.is_read)).toBe(true)
})

test('what another device reads is read here: on the page, beyond it, and all', async () => {
  const server = createBackend()
  for (let row = 1; row <= 30; row += 1) server.notify({}, false)
  await openPage(server)
  const elsewhere = (path: string, body: object) => server.request.post(`/api/admin/Notification/${path}`, body)
  const before = server.requests.length
  await elsewhere('read', { ids: [30, 29] })
  await pass()
  expect(inbox.unread.value).toBe(28)
  expect(server.requests.slice(before)).toEqual(['POST /Notification/read'])
  await elsewhere('read', { ids: [1, 2] })
  await pass()
  expect(inbox.unread.value).toBe(26)
  await elsewhere('readAll', {})
  await pass()
  expect(inbox.unread.value).toBe(0)
  expect(inbox.items.value.every((row) => row.is_read)).toBe(true)
  server.notify()
  expect(inbox.unread.value).toBe(1)
})

test('what was read or deleted while the page was away is seen on return', async () => {
  const server = createBackend()
  for (let row = 1; row <= 3; row += 1) server.notify({}, false)
  await openPage(server)
  server.cut()
  await pass()
  server.rows[0]!.is_read = true
  server.rows.splice(1, 1)
  await pass(2_000)
  expect(seen()).toEqual([[3, 1], 1])
})

test('all components see the same; it is loaded once', async () => {
  const server = createBackend()
  server.notify({}, false)
  const seenBy: Notifications[] = []
  const Looker = defineComponent(() => {
    seenBy.push(useNotifications())
    return () => h('i')
  })
  openApp(() => [h(Looker), h(Looker), h(Looker)], server)
  await pass()
  // Nothing connects here; over HTTP it is all there.
  expect(seenBy.map(({ unread }) => unread.value)).toEqual([1, 1, 1])
  expect(server.requests).toEqual(['GET /Notification/list'])
  await seenBy[0]?.markRead(1)
  expect(seenBy.map(({ unread }) => unread.value)).toEqual([0, 0, 0])
  expect(server.attempts).toBe(0)
})

test('a centre that comes back knows what came meanwhile; nothing is asked for while nobody looks', async () => {
  const server = createBackend()
  server.notify({}, false)
  const open = ref(true)
  const Centre = defineComponent(() => {
    inbox = useNotifications()
    return () => h('i')
  })
  const Layout = defineComponent(() => {
    useWebSocket()
    return () => (open.value ? h(Centre) : null)
  })
  openApp(Layout, server)
  await pass()
  open.value = false
  await pass()
  const before = server.requests.length
  open.value = true
  await pass()
  expect(server.requests).toHaveLength(before)
  open.value = false
  await pass()
  server.cut()
  server.notify({ level: 'normal', is_read: true }, false)
  await pass(2_000)
  expect(server.requests.slice(before)).toEqual(['POST /WebSocket/bind', 'GET /Notification/list'])
  open.value = true
  await pass()
  expect(seen()).toEqual([[2, 1], 1])
})

test('with the gateway gone the list is there all the same', async () => {
  const server = createBackend()
  server.up = false
  server.notify({}, false)
  await openPage(server)
  expect(seen()).toEqual([[1], 1])
})

test('an api that is away is told by lastError, changes nothing, and is forgotten when it is back', async () => {
  const server = createBackend()
  server.notify({}, false)
  await openPage(server)
  server.status = 503
  expect(await inbox.markRead(1)).toBe(false)
  expect(inbox.lastError.value?.message).toBe('the api answered 503')
  expect(await inbox.loadMore()).toBe(false)
  expect(await inbox.refresh()).toBe(false)
  expect(seen()).toEqual([[1], 1])
  server.status = 200
  expect(await inbox.markRead(1)).toBe(true)
  expect(inbox.lastError.value).toBeNull()
})

test('a caller that rejects nothing, one that rejects with a text, and none at all are told by lastError', async () => {
  const server = createBackend()
  const refused = { status: 503, data: { code: 50300, msg: 'the database is away', data: null } }
  await openPage(server, {}, { get: () => Promise.resolve(refused), post: server.request.post })
  expect(inbox.lastError.value?.message).toBe('the database is away')
  closeApps()
  await openPage(server, {}, { get: () => Promise.reject('a text'), post: server.request.post })
  expect(inbox.lastError.value?.message).toBe('a text')
  closeApps()
  const Centre = defineComponent(() => {
    inbox = useNotifications()
    return () => h('i')
  })
  openApp(Centre, server, { request: undefined as never })
  await pass()
  expect(inbox.lastError.value?.message).toContain('needs createGatepipe({ request })')
})

test('who signs out takes the notifications along; the next user sees his own', async () => {
  const server = createBackend()
  server.notify({ title: 'for the first' }, false)
  const { gatepipe } = await openPage(server)
  expect(seen()).toEqual([[1], 1])
  gatepipe.client.logout()
  expect(seen()).toEqual([[], 0])
  shown.value = false
  await pass(1_000)

  server.uid = 2
  server.rows[0]!.title = 'for the second'
  shown.value = true
  await pass()
  expect(inbox.items.value.map(({ title }) => title)).toEqual(['for the second'])
})

test('so does who is forced offline, and an answer that was under way comes too late', async () => {
  const server = createBackend()
  server.notify({}, false)
  let answer = () => {}
  let hold = false
  const request: Requester = {
    ...server.request,
    async get(url, config) {
      const page = await server.request.get(url, config)
      if (hold) await new Promise<void>((resolve) => (answer = resolve))
      return page
    },
  }
  await openPage(server, {}, request)
  hold = true
  const refreshing = inbox.refresh()
  await pass()
  server.forceOffline('maintenance')
  await pass()
  expect(seen()).toEqual([[], 0])
  shown.value = false
  await pass(1_000)
  answer()
  await refreshing
  expect(seen()).toEqual([[], 0])
  // The next login finds a gateway that is away, and loads it all the same.
  hold = server.up = false
  shown.value = true
  await pass()
  expect(seen()).toEqual([[1], 1])
})

test('another user behind the same page begins with a list of his own', async () => {
  const server = createBackend()
  for (let row = 1; row <= 3; row += 1) server.notify({}, false)
  await openPage(server)
  server.uid = 2
  server.rows.splice(1)
  const rang: unknown[] = []
  onWsMessage('notification', ({ data }) => rang.push(data.id))
  server.cut()
  await pass(2_000)
  expect(seen()).toEqual([[1], 1])
  expect(rang).toEqual([])
  // Of his own he misses none, although its number is small.
  await pass(6_000)
  server.cut()
  await pass()
  server.notify({}, false)
  await pass(2_000)
  expect(rang).toEqual([2])
})

test('so does one that came after a centre that was opened late', async () => {
  const server = createBackend()
  for (let row = 1; row <= 3; row += 1) server.notify({}, false)
  const open = ref(false)
  const Centre = defineComponent(() => {
    inbox = useNotifications()
    return () => h('i')
  })
  const Layout = defineComponent(() => {
    useWebSocket()
    return () => (open.value ? h(Centre) : null)
  })
  openApp(Layout, server)
  await pass(6_000)
  open.value = true
  await pass()
  expect(seen()).toEqual([[3, 2, 1], 3])
  server.uid = 2
  server.rows.splice(1)
  server.cut()
  await pass(2_000)
  expect(seen()).toEqual([[1], 1])
})

test('titles are text and links are harmless, from the list and pushed', async () => {
  const server = createBackend()
  const title = '<img src=x onerror=alert(1)>'
  server.notify({ title, link: 'javascript:alert(1)' }, false)
  const { element } = await openPage(server)
  server.notify({ title, link: '//evil.test' })
  server.notify({ title, link: '/orders/7' })
  await nextTick()
  expect(element.querySelector('img')).toBeNull()
  expect(Array.from(element.querySelectorAll('a'), (link) => link.getAttribute('href'))).toEqual(['/orders/7', null, null])
  expect(element.textContent).toContain(title)
})

test.each([null, 7, [], 'text', {}, { ids: 7 }, { id: 'a' }, { id: -1 }, { id: 0 }, { id: 1.5 }])(
  'what business code pushes as a notification without a number is in no inbox: %j',
  async (data) => {
    const server = createBackend()
    await openPage(server)
    const heard = vi.fn()
    onWsMessage('notification', heard)
    server.push('notification', data)
    server.push('notification_read', data)
    expect(heard).toHaveBeenCalledOnce()
    expect(seen()).toEqual([[], 0])
    server.notify()
    expect(seen()).toEqual([[1], 1])
  },
)

test('a page that stays open keeps a thousand', async () => {
  const server = createBackend()
  await openPage(server)
  for (let row = 1; row <= 1_005; row += 1) server.notify()
  expect(ids()).toHaveLength(1_000)
  expect([ids()[0], inbox.unread.value, inbox.hasMore.value]).toEqual([1_005, 1_005, true])
})
