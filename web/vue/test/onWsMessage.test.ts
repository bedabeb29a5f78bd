// @vitest-environment happy-dom
import type { Envelope } from '@gatepipe/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, onMounted, onUnmounted, ref, watch } from 'vue'
import { onWsMessage, useWebSocket } from '../src/index.js'
import { closeApps, createBackend, openApp, pass } from './app.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(async () => {
  closeApps()
  await pass(1_000)
  vi.useRealTimers()
})

/** A page whose bell can be taken off; both are set up by `setUp`. */
function openPage(setUp: () => void, server = createBackend()) {
  const shown = ref(true)
  const Bell = defineComponent(() => {
    setUp()
    return () => h('i')
  })
  const Layout = defineComponent(() => {
    useWebSocket()
    return () => (shown.value ? h(Bell) : null)
  })
  return { server, shown, ...openApp(Layout, server) }
}

test('it hears from before the connection on, and stops with its component', async () => {
  const heard = vi.fn()
  const { server, shown } = openPage(() => void onWsMessage('news', heard))
  await pass()
  server.push('news', 'first')
  shown.value = false
  await pass()
  server.push('news', 'second')
  expect(heard.mock.calls).toEqual([[{ type: 'news', data: 'first' }]])
})

test('in onMounted, with the stopper in onUnmounted, it stops once, and stopping again is harmless', async () => {
  const heard = vi.fn()
  let stop: (() => void) | null = null
  const { server, shown } = openPage(() => {
    onMounted(() => {
      stop = onWsMessage('news', heard)
    })
    onUnmounted(() => stop?.())
  })
  await pass()
  server.push('news', 1)
  shown.value = false
  await pass()
  stop!()
  stop!()
  server.push('news', 2)
  expect(heard).toHaveBeenCalledOnce()
})

test('in a watcher and after an await it attaches at once; the answer stops it', async () => {
  const data: unknown[] = []
  const heard = (message: Envelope) => data.push(message.data)
  const topic = ref('')
  let stop: (() => void) | undefined
  const { server } = openPage(() => {
    watch(topic, (name) => onWsMessage(name, heard), { flush: 'sync' })
    void (async () => {
      await Promise.resolve()
      stop = onWsMessage('late', heard)
    })()
  })
  await pass()
  topic.value = 'early'
  server.push('early', 1)
  server.push('late', 2)
  stop?.()
  server.push('late', 3)
  expect(data).toEqual([1, 2])
})

test('outside of any component, as in a store or a module, it hears until it is stopped', async () => {
  const { server, shown } = openPage(() => {})
  const heard = vi.fn()
  const stop = onWsMessage('news', heard)
  await pass()
  shown.value = false
  await pass()
  server.push('news', 1)
  stop()
  stop()
  server.push('news', 2)
  expect(heard).toHaveBeenCalledOnce()
})

test('a handler that throws keeps nobody else from hearing, and is reported', async () => {
  const reported: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const report = (error: unknown) => void reported.push(error)
  process.on('uncaughtException', report)
  const heard = vi.fn()
  const { server } = openPage(() => {
    onWsMessage('news', () => {
      throw new Error('this component is broken')
    })
    onWsMessage('news', heard)
  })
  await pass()
  server.push('news', 1)
  await pass()
  process.off('uncaughtException', report)
  for (const other of others) process.on('uncaughtException', other)
  expect(heard).toHaveBeenCalledOnce()
  expect(reported.map(String)).toEqual(['Error: this component is broken'])
})

test('what is no frame, and what nobody knows, disturbs nobody; a message of 1 MiB arrives', async () => {
  const heard = vi.fn()
  const { server } = openPage(() => void onWsMessage('news', heard))
  await pass()
  for (const text of ['', '{', '[]', 'null', '{"type":7}', '{"type":"__proto__","data":1}', '{"type":"unknown"}']) server.clients[0]?.sendText(text)
  expect(heard).not.toHaveBeenCalled()
  const text = 'x'.repeat(1_048_576 - 64)
  server.push('news', text)
  expect(heard).toHaveBeenCalledWith({ type: 'news', data: text })
})

test('two applications on one page hear their own server each, also in components that come later', async () => {
  const heard: unknown[] = []
  const late = vi.fn()
  let opened = 0
  const first = openPage(() => {
    opened += 1
    if (opened === 1) onWsMessage('news', ({ data }) => heard.push(['first', data]))
    else onWsMessage('news', late)
  })
  const second = openPage(() => void onWsMessage('news', ({ data }) => heard.push(['second', data])))
  await pass()
  first.server.push('news', 1)
  second.server.push('news', 2)
  expect(heard).toEqual([
    ['first', 1],
    ['second', 2],
  ])
  first.shown.value = false
  await pass()
  first.shown.value = true
  await pass()
  second.server.push('news', 3)
  first.server.push('news', 4)
  expect(late.mock.calls).toEqual([[{ type: 'news', data: 4 }]])
})

test('its types: those that are known, those that a handler names, and nothing of the rest', () => {
  // Type checked by `npm run check`, and never called.
  const use = () => {
    onWsMessage('notification', ({ data, recovered }) => [data.id.toFixed(), data.title.trim(), recovered] as const)
    onWsMessage('order', ({ data }: Envelope<string, { id: number }>) => data.id)
    onWsMessage<{ id: number }>('order', ({ data }) => data.id)
    // @ts-expect-error a notification has no such field
    onWsMessage('notification', ({ data }) => data.nothing)
    // @ts-expect-error what nobody has described is unknown
    onWsMessage('order', ({ data }) => data.id)
  }
  expect(use).toBeTypeOf('function')
})
