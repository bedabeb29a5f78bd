// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, effectScope, h, nextTick, onMounted, ref } from 'vue'
import { onWsMessage, useWebSocket, type WebSocketState } from '../src/index.js'
import { closeApps, createBackend, openApp, pass } from './app.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(async () => {
  closeApps()
  await pass(1_000)
  vi.useRealTimers()
})

let socket: WebSocketState
const Layout = defineComponent(() => {
  socket = useWebSocket()
  return () => h('main', socket.clientId.value)
})

test('a layout connects and is bound; its messages arrive; leaving it closes the socket 250 ms later', async () => {
  const server = createBackend()
  const shown = ref(true)
  const heard = vi.fn()
  const Listening = defineComponent(() => {
    onWsMessage('order', heard)
    return () => h(Layout)
  })
  const { element } = openApp(() => (shown.value ? h(Listening) : h('form')), server)
  expect([socket.isConnected.value, socket.isBound.value, socket.clientId.value]).toEqual([false, false, ''])
  await pass()
  expect([socket.isConnected.value, socket.isBound.value]).toEqual([true, true])
  expect(element.textContent).toBe(server.clients[0]?.clientId)
  server.push('order', { id: 7 })
  expect(heard).toHaveBeenCalledWith({ type: 'order', data: { id: 7 } })

  shown.value = false
  await pass(249)
  server.push('order', { id: 8 })
  expect(heard).toHaveBeenCalledOnce()
  expect(server.clients).toHaveLength(1)
  await pass(1)
  expect(server.clients).toHaveLength(0)
  // Vue's own, for its developer tools, is over by then.
  await pass(5_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('a page without a layout, as the login page is, does not connect', async () => {
  const server = createBackend()
  openApp(() => h('form'), server)
  await pass(1_000)
  expect(server.attempts).toBe(0)
})

test('one socket for all components; it closes when the last of them has gone', async () => {
  const server = createBackend()
  const count = ref(3)
  openApp(() => Array.from({ length: count.value }, (_, key) => h(Layout, { key })), server)
  await pass()
  count.value = 1
  await pass(10_000)
  expect([server.attempts, server.clients.length]).toEqual([1, 1])
  count.value = 0
  await pass(250)
  expect(server.clients).toHaveLength(0)
})

test('going from one layout to another does not reconnect', async () => {
  const server = createBackend()
  const layout = ref('first')
  openApp(() => (layout.value ? h(Layout, { key: layout.value }) : null), server)
  await pass()
  layout.value = 'second'
  await pass(10_000)
  layout.value = ''
  await pass(200)
  layout.value = 'third'
  await pass(10_000)
  expect([server.attempts, server.binds, server.clients.length]).toEqual([1, 1, 1])
})

test('who was forced offline is not reconnected by another layout, and is by a new login', async () => {
  const server = createBackend()
  const layout = ref('first')
  openApp(() => (layout.value ? h(Layout, { key: layout.value }) : null), server)
  await pass()
  server.forceOffline('maintenance')
  await pass()
  expect(socket.status.value).toMatchObject({ phase: 'forced_offline', reason: 'maintenance' })
  layout.value = 'second'
  await pass(60_000)
  expect(server.attempts).toBe(1)
  // To the login page, and after the login to the layout again.
  layout.value = ''
  await pass(5_000)
  layout.value = 'third'
  await pass()
  expect(socket.isBound.value).toBe(true)
  expect(server.attempts).toBe(2)
})

test('a login in place connects by itself', async () => {
  const server = createBackend()
  openApp(Layout, server)
  await pass()
  server.forceOffline('maintenance')
  await pass()
  socket.connect()
  await pass()
  expect(socket.isBound.value).toBe(true)
})

test('a token that is refused ends it, and the page is told', async () => {
  const server = createBackend()
  server.status = 401
  openApp(Layout, server)
  await pass(60_000)
  expect(socket.status.value).toMatchObject({ phase: 'denied', code: 401 })
  expect([socket.isConnected.value, socket.isBound.value]).toEqual([false, false])
  expect(server.attempts).toBe(1)
})

test('a caller that rejects nothing is refused all the same', async () => {
  const server = createBackend()
  const refused = { status: 401, data: { code: 40100, msg: 'the token has expired', data: null } }
  openApp(Layout, server, { request: { get: () => Promise.resolve(refused), post: () => Promise.resolve(refused) } })
  await pass(60_000)
  expect(socket.status.value).toMatchObject({ phase: 'denied', code: 401 })
})

test('buttons work: leaving, connecting, retrying, sending, logging out', async () => {
  const server = createBackend()
  openApp(Layout, server)
  expect(socket.send({ type: 'hello' })).toBe(false)
  await pass()
  expect(socket.send({ type: 'hello', data: 1 })).toBe(true)
  expect(server.clients[0]?.received.map((text) => JSON.parse(text) as unknown)).toContainEqual({ type: 'hello', data: 1 })
  socket.disconnect()
  await pass()
  expect([server.clients.length, socket.status.value.phase]).toEqual([0, 'closed'])
  socket.connect()
  await pass()
  server.up = false
  server.cut()
  await pass()
  expect(socket.status.value.phase).toBe('waiting')
  server.up = true
  socket.retryNow()
  await pass()
  expect(socket.isBound.value).toBe(true)
  socket.logout()
  await pass(60_000)
  expect([server.clients.length, socket.status.value.reason]).toEqual([0, 'logout'])
})

test('`immediate: false` looks, and neither connects nor keeps the socket', async () => {
  const server = createBackend()
  const shown = ref(true)
  let looking: WebSocketState | undefined
  const Header = defineComponent(() => {
    looking = useWebSocket({ immediate: false })
    return () => h('header', String(looking?.isBound.value))
  })
  const { element } = openApp(() => [h(Header), shown.value ? h(Layout) : null], server)
  await pass()
  await nextTick()
  expect(element.textContent).toContain('true')
  shown.value = false
  await pass(250)
  expect(server.clients).toHaveLength(0)
  expect(element.textContent).toContain('false')
})

test('called when the component is there already, or in a scope without one, it connects at once', async () => {
  const server = createBackend()
  const Late = defineComponent(() => {
    onMounted(() => useWebSocket())
    return () => h('main')
  })
  const { app } = openApp(Late, server)
  await pass()
  expect(server.clients).toHaveLength(1)
  app.unmount()
  await pass(250)
  expect(server.clients).toHaveLength(0)

  const scope = effectScope()
  scope.run(() => useWebSocket())
  await pass()
  expect(server.clients).toHaveLength(1)
  scope.stop()
  await pass(250)
  expect(server.clients).toHaveLength(0)
})

test('what the application says goes before what comes from its caller', async () => {
  const server = createBackend()
  const bind = vi.fn(server.bind)
  openApp(Layout, server, { bind, base: '/elsewhere', tabs: 'off' })
  await pass()
  expect(bind).toHaveBeenCalledOnce()
  expect(server.requests).toEqual(['GET /elsewhere/Notification/list'])
})
