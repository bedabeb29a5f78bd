// @vitest-environment happy-dom
import type { Phase, Status } from '@gatepipe/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h, nextTick } from 'vue'
import { useConnectionState, useWebSocket, type ConnectionState } from '../src/index.js'
import { textOf } from '../src/text.js'
import { closeApps, createBackend, openApp, pass, type Backend } from './app.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(async () => {
  closeApps()
  await pass(1_000)
  vi.useRealTimers()
})

let state: ConnectionState

async function openPage(server: Backend) {
  const Header = defineComponent(() => {
    state = useConnectionState()
    return () => h('i', state.text('en'))
  })
  const Layout = defineComponent(() => {
    useWebSocket()
    return () => h(Header)
  })
  const page = openApp(Layout, server)
  await pass()
  return page
}

const texts = () => [state.text('en'), state.text('zh-CN')]

test('people read where the connection stands, and how long until it is tried again', async () => {
  const server = createBackend()
  const { element } = await openPage(server)
  expect(texts()).toEqual(['connected', '已连接'])
  expect(state.seconds.value).toBe(0)
  server.up = false
  server.cut()
  // 1.5 s, then 2.5 s, then 4.5 s.
  await pass(1_500 + 2_500)
  expect(texts()).toEqual(['reconnecting in 5 s', '5 秒后重新连接'])
  const counted = []
  for (let second = 0; second < 5; second += 1) {
    counted.push(state.seconds.value)
    await nextTick()
    expect(element.textContent).toBe(`reconnecting in ${state.seconds.value} s`)
    await pass(900)
  }
  expect(counted).toEqual([5, 5, 4, 3, 2])
  server.up = true
  state.retryNow()
  await pass()
  expect([state.phase.value, state.seconds.value]).toEqual(['ready', 0])
})

test('setting the clock does not change how long it is', async () => {
  const server = createBackend()
  await openPage(server)
  server.up = false
  server.cut()
  await pass(1_500 + 2_500)
  vi.setSystemTime(Date.now() + 3_600_000)
  await pass(1_000)
  expect(state.seconds.value).toBe(4)
  vi.setSystemTime(Date.now() - 7_200_000)
  await pass(1_000)
  expect(state.seconds.value).toBe(3)
})

test('it ticks only while there is something to count', async () => {
  const server = createBackend()
  const { gatepipe } = await openPage(server)
  server.up = false
  server.cut()
  await pass()
  gatepipe.client.disconnect()
  await pass(5_000)
  expect(vi.getTimerCount()).toBe(0)
  expect(state.seconds.value).toBe(0)
})

test('one that comes while it is waited counts too', async () => {
  const server = createBackend()
  server.up = false
  const gatepipe = openApp(defineComponent(() => (useWebSocket(), () => h('i'))), server)
  await pass(1_500 + 500)
  expect(gatepipe.gatepipe.client.status.phase).toBe('waiting')
  gatepipe.app.runWithContext(() => (state = useConnectionState()))
  expect(state.seconds.value).toBe(2)
})

test('being signed out is told with the reason', async () => {
  const server = createBackend()
  await openPage(server)
  server.forceOffline('maintenance')
  await pass()
  expect(texts()).toEqual(['you were signed out: maintenance', '您已被强制下线：maintenance'])
  expect(state.reason.value).toBe('maintenance')
})

test.each<[Phase, string, string]>([
  ['idle', 'not connected', '未连接'],
  ['connecting', 'connecting…', '正在连接…'],
  ['binding', 'connecting…', '正在连接…'],
  ['paused', 'you are offline', '网络已断开'],
  ['exhausted', 'the connection is lost', '实时连接已中断'],
  ['forced_offline', 'you were signed out', '您已被强制下线'],
  ['denied', 'please sign in again', '登录已失效，请重新登录'],
  ['closed', 'disconnected', '连接已关闭'],
])('%s is "%s"', (phase, english, chinese) => {
  const status = { phase, reason: '' } as Status
  expect([textOf('en-GB', status, 0), textOf('de', status, 0), textOf('ZH', status, 0)]).toEqual([english, english, chinese])
})

test('a reason is text, whatever stands in it', () => {
  expect(textOf('en', { phase: 'forced_offline', reason: '$& # @ <b>' } as Status, 3)).toBe('you were signed out: $& # @ <b>')
})
