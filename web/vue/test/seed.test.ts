// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { h, nextTick, ref } from 'vue'
import { closeApps, createBackend, openApp, pass } from './app.js'
import AppLayout from './seed/AppLayout.vue'
import { toasts } from './seed/toast.js'

// Components in the shape of the article that this was made for: `npm run check` compiles them as they stand, and here they run.

beforeEach(() => {
  vi.useFakeTimers()
  toasts.length = 0
})
afterEach(async () => {
  closeApps()
  await pass(1_000)
  vi.useRealTimers()
})

test('login, layout, bind, push, leaving: as the article tells it', async () => {
  const server = createBackend('response')
  server.notify({ title: 'from last week' }, false)
  const page = ref('login')
  const { element } = openApp(() => (page.value === 'login' ? h('form') : h(AppLayout)), server)
  await pass(5_000)
  expect(server.attempts).toBe(0)

  page.value = 'layout'
  await pass()
  const socket = () => element.querySelector<HTMLElement>('[data-testid=socket]')?.dataset
  expect(socket()).toMatchObject({ connected: 'true', bound: 'true' })
  expect(server.requests).toContain('POST /WebSocket/bind')

  server.notify({ title: 'Export', content: 'It is ready', notification_type: 'success' })
  server.notify({ level: 'normal' })
  await nextTick()
  expect(element.querySelector('[data-testid=unread]')?.textContent).toBe('2')
  expect(toasts).toEqual([{ title: 'Export', message: 'It is ready', type: 'success' }])

  page.value = 'login'
  await pass(250)
  expect(server.clients).toHaveLength(0)
})

test('a component that comes and goes rings once for each push', async () => {
  const server = createBackend()
  const key = ref(1)
  openApp(() => h(AppLayout, { key: key.value }), server)
  await pass()
  for (key.value = 2; key.value < 5; key.value += 1) await nextTick()
  await pass()
  server.notify()
  expect(toasts).toHaveLength(1)
})
