// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import { onWsMessage, useWebSocket } from '../src/index.js'
import { closeApps, createBackend, openApp, pass } from './app.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(async () => {
  closeApps()
  await pass(1_000)
  vi.useRealTimers()
})

test('a layout connects and is bound; its messages arrive; leaving it closes the socket 250 ms later', async () => {
  const server = createBackend()
  const shown = ref(true)
  const heard = vi.fn()
  let socket: ReturnType<typeof useWebSocket> | undefined
  const Layout = defineComponent(() => {
    socket = useWebSocket()
    onWsMessage('order', heard)
    return () => h('main', socket?.clientId.value)
  })
  const { element } = openApp(() => (shown.value ? h(Layout) : h('form')), server)
  expect(socket?.isConnected.value).toBe(false)
  await pass()
  expect([socket?.isConnected.value, socket?.isBound.value]).toEqual([true, true])
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
})
