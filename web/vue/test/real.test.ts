// @vitest-environment happy-dom
import axios, { type AxiosInstance } from 'axios'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createApp, defineComponent, h, type App } from 'vue'
import { WebSocket } from 'ws'
import AppLayout from './seed/AppLayout.vue'
import { request as callerOfTheArticle, signIn } from './seed/request.js'
import { toasts } from './seed/toast.js'
import {
  createGatepipe,
  onWsMessage,
  useConnectionState,
  useNotifications,
  useWebSocket,
  type ConnectionState,
  type Notifications,
  type WebSocketState,
} from '../src/index.js'

// The real programs: register, two gateways, api and database, as `gatepipe dev` starts them, and axios as the application's caller.

const binary = process.env.GATEPIPE_DEV_BIN ?? join(import.meta.dirname, '../../../target/debug/gatepipe')
const missing = !existsSync(binary)
if (missing && process.env.GATEPIPE_TEST_ALL) throw new Error(`${binary} is not built, and GATEPIPE_TEST_ALL allows no gaps`)
if (missing) console.log(`skipped: the real programs (${binary} is not built)`)

interface Dev {
  http: string
  ws: string[]
  users: Record<'admin' | 'alice' | 'bob', { id: number; password: string; token: string }>
}

interface Page {
  socket: WebSocketState
  inbox: Notifications
  state: ConnectionState
  /** Titles that rang, in their order. */
  rang: string[]
  sockets: WebSocket[]
  request: AxiosInstance
  window: EventTarget
  setOnline(onLine: boolean): void
}

let data: string
let child: ChildProcess
let dev: Dev
const apps: App[] = []

beforeAll(async () => {
  if (missing) return
  data = mkdtempSync(join(tmpdir(), 'gatepipe-vue-'))
  child = spawn(binary, ['dev', '--data-dir', data, '--ws-port', '0', '--http-port', '0', '--json'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout! })
  const line = await Promise.race([
    new Promise<string>((resolve) => lines.once('line', resolve)),
    new Promise<never>((_, reject) => child.once('exit', (code) => reject(new Error(`gatepipe dev ended with ${code}`)))),
  ])
  dev = JSON.parse(line) as Dev
}, 60_000)

afterEach(() => {
  for (const app of apps.splice(0)) app.unmount()
})

afterAll(async () => {
  if (!child) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
  rmSync(data, { recursive: true })
}, 60_000)

function caller(token: string): AxiosInstance {
  // Over Node, where no browser asks whether an origin may call.
  const request = axios.create({ baseURL: dev.http, adapter: 'http' })
  request.interceptors.request.use((config) => {
    if (token) config.headers.setAuthorization(`Bearer ${token}`)
    return config
  })
  return request
}

async function logIn(name: 'alice' | 'bob'): Promise<string> {
  const login = { username: name, password: dev.users[name].password }
  return (await caller('').post<{ data: { token: string } }>('/api/admin/Auth/login', login)).data.data.token
}

/** Logs in, and opens a page with a layout on one of the gateways. */
async function openPage(name: 'alice' | 'bob', gateway: number): Promise<Page> {
  const request = caller(await logIn(name))
  const sockets: WebSocket[] = []
  class Recorded extends WebSocket {
    constructor(url: string) {
      super(url)
      sockets.push(this)
    }
  }
  let onLine = true
  const window = new EventTarget()
  const page = {
    rang: [] as string[],
    sockets,
    request,
    window,
    setOnline(now: boolean) {
      onLine = now
      window.dispatchEvent(new Event(now ? 'online' : 'offline'))
    },
  } as Page
  const Layout = defineComponent(() => {
    page.socket = useWebSocket()
    page.inbox = useNotifications()
    page.state = useConnectionState()
    onWsMessage('notification', ({ data }) => page.rang.push(data.title))
    return () => h('main', [h('b', page.inbox.unread.value), h('i', page.state.text('zh-CN'))])
  })
  const app = createApp(Layout)
  app.use(createGatepipe({ request, url: dev.ws[gateway]!, environment: { WebSocket: Recorded as never, window, onLine: () => onLine } }))
  app.mount(document.createElement('div'))
  apps.push(app)
  await until(() => page.socket.isBound.value)
  return page
}

async function until(what: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!what()) {
    if (performance.now() > deadline) throw new Error(`never: ${String(what)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const notify = (title: string, level = 'urgent', user: 'alice' | 'bob' = 'alice') =>
  caller(dev.users.admin.token).post('/api/admin/Notification/send', { user_ids: [dev.users[user].id], title, content: '', level })
const titles = ({ inbox }: Page) => inbox.items.value.map(({ title }) => title)

test.skipIf(missing)('two devices of a user: the bell rings on both, what is missed comes later, and what is read here is read there', async () => {
  await notify('from last week')
  const here = await openPage('alice', 0)
  const there = await openPage('alice', 1)
  await until(() => here.inbox.unread.value === 1 && there.inbox.unread.value === 1)
  await notify('pushed to both')
  await until(() => here.rang.length === 1 && there.rang.length === 1)
  await until(() => here.inbox.unread.value === 2 && there.inbox.unread.value === 2)
  expect(titles(here)).toEqual(['pushed to both', 'from last week'])

  // One of them is away while two things happen.
  here.setOnline(false)
  here.sockets[0]!.terminate()
  await until(() => here.state.text('zh-CN') === '网络已断开')
  await notify('missed')
  await notify('only stored', 'normal')
  here.setOnline(true)
  await until(() => here.socket.isBound.value && here.inbox.unread.value === 4)
  await until(() => here.rang.length === 3)
  expect(titles(here)).toEqual(['only stored', 'missed', 'pushed to both', 'from last week'])
  expect(here.rang).toEqual(['pushed to both', 'missed', 'only stored'])

  expect(await here.inbox.markRead(here.inbox.items.value[3]!.id)).toBe(true)
  await until(() => there.inbox.items.value.some(({ title, is_read }) => title === 'from last week' && !!is_read))
  expect(await there.inbox.markAllRead()).toBe(true)
  await until(() => here.inbox.unread.value === 0 && there.inbox.unread.value === 0)
  expect(here.inbox.lastError.value).toBeNull()
})

test.skipIf(missing)('the components of the article ring for a push, and not for what is old', async () => {
  await notify('from last month')
  signIn(await logIn('alice'))
  Object.assign(callerOfTheArticle.defaults, { baseURL: dev.http, adapter: 'http' })
  const element = document.createElement('div')
  const app = createApp(AppLayout)
  app.use(createGatepipe({ request: callerOfTheArticle, url: dev.ws[0]!, environment: { WebSocket: WebSocket as never } }))
  app.mount(element)
  apps.push(app)
  await until(() => element.querySelector<HTMLElement>('[data-testid=socket]')?.dataset.bound === 'true')
  await notify('for the article')
  await until(() => element.querySelector('[data-testid=unread]')?.textContent === '1')
  expect(toasts).toEqual([{ title: 'for the article', message: '', type: 'info' }])
})

test.skipIf(missing)('a long inbox is loaded page by page', async () => {
  for (let row = 1; row <= 45; row += 1) await notify(`number ${row}`, 'normal', 'bob')
  const page = await openPage('bob', 0)
  await until(() => page.inbox.unread.value === 45 && page.inbox.items.value.length === 20)
  while (page.inbox.hasMore.value) expect(await page.inbox.loadMore()).toBe(true)
  expect(titles(page)).toEqual(Array.from({ length: 45 }, (_, row) => `number ${45 - row}`))
})

test.skipIf(missing)('forced offline is told with its reason, takes the list along, and the old token is refused', async () => {
  const page = await openPage('bob', 1)
  await until(() => page.inbox.items.value.length > 0)
  await caller(dev.users.admin.token).post('/api/admin/WebSocket/forceOffline', { uid: dev.users.bob.id, reason: 'maintenance' })
  await until(() => page.state.phase.value === 'forced_offline')
  expect(page.state.text('en')).toBe('you were signed out: maintenance')
  expect(page.inbox.items.value).toEqual([])
  // The page insists, with the token that it has.
  page.socket.connect()
  await until(() => page.state.phase.value === 'denied')
  expect(page.state.text('zh-CN')).toBe('登录已失效，请重新登录')
  expect(await page.inbox.refresh()).toBe(false)
  expect(page.inbox.lastError.value?.message).toContain('401')
})
