import type { NotificationPayload } from '@gatepipe/client'
import { createMemoryServer, type MemoryServer } from '@gatepipe/client/testing'
import { vi } from 'vitest'
import { createApp, type App, type Component } from 'vue'
import { createGatepipe, type Gatepipe, type GatepipeOptions, type Requester } from '../src/index.js'

/** A gateway and an api in memory, with the list routes of one user. */
export interface Backend extends MemoryServer {
  readonly request: Requester
  /** Requests to the api, oldest first, as `GET /Notification/list`. */
  readonly requests: string[]
  /** The user's rows, oldest first. */
  readonly rows: NotificationPayload[]
  /** The next requests are refused with this status; 200 answers. */
  status: number
}

/** How an application's caller answers: the whole response, the body, or the data alone. */
export type Caller = 'response' | 'body' | 'data'

export function createBackend(caller: Caller = 'body'): Backend {
  const server = createMemoryServer()
  const rows: NotificationPayload[] = []
  const requests: string[] = []
  const { notify } = server
  const answer = (data: unknown) => {
    const body = { code: 0, msg: 'success', data }
    return { response: { status: 200, headers: {}, data: body }, body, data }[caller]
  }
  const refuse = () => {
    if (backend.status >= 400) throw Object.assign(new Error(`the api answered ${backend.status}`), { response: { status: backend.status } })
  }
  const page = (params: object) => {
    const { after_id, before_id, limit = 20, is_read } = params as { after_id?: number; before_id?: number; limit?: number; is_read?: boolean }
    const wanted = rows.filter((row) => is_read === undefined || !!row.is_read === is_read)
    const later = after_id !== undefined
    const found = later ? wanted.filter(({ id }) => id > after_id) : wanted.filter(({ id }) => id < (before_id ?? Infinity)).reverse()
    const list = found.slice(0, limit).map((row) => ({ ...row, is_read: row.is_read ?? false }))
    return { list, next_cursor: found.length > limit ? (list[list.length - 1]?.id ?? null) : null }
  }
  const request: Requester = {
    async get(url, { params = {}, signal }) {
      requests.push(`GET ${url.replace('/api/admin', '')}`)
      await Promise.resolve()
      signal?.throwIfAborted()
      refuse()
      return answer(url.endsWith('/list') ? page(params) : { count: rows.filter((row) => !row.is_read).length })
    },
    async post(url, body, { signal } = {}) {
      requests.push(`POST ${url.replace('/api/admin', '')}`)
      refuse()
      if (url.endsWith('/bind')) return answer(await server.bind((body as { client_id: string }).client_id, signal))
      await Promise.resolve()
      const { ids } = body as { ids?: number[] }
      const changed = rows.filter((row) => !row.is_read && (!ids || ids.includes(row.id)))
      for (const row of changed) row.is_read = true
      if (changed.length) server.push('notification_read', ids ? { ids: changed.map(({ id }) => id) } : { all: true })
      return answer({ changed: changed.length })
    },
  }
  const backend: Backend = Object.assign(server, {
    request,
    requests,
    rows,
    status: 200,
    notify(notification: Partial<NotificationPayload> = {}, pushed = true) {
      const row = { ...notify({ id: rows.length + 1, ...notification }, false), ...notification }
      rows.push(row)
      if (pushed) server.push('notification', { ...row, is_read: undefined })
      return row
    },
  })
  return backend
}

const apps: App[] = []

/** Opens a page of an application with this component. */
export function openApp(root: Component, server: Backend, options: GatepipeOptions = {}): { app: App; gatepipe: Gatepipe; element: HTMLElement } {
  const gatepipe = createGatepipe({
    url: 'ws://gateway.test/ws',
    request: server.request,
    ...options,
    environment: { WebSocket: server.WebSocket, random: () => 0.5, ...options.environment },
  })
  const app = createApp(root)
  app.use(gatepipe)
  const element = document.createElement('div')
  document.body.append(element)
  app.mount(element)
  apps.push(app)
  return { app, gatepipe, element }
}

/** Closes every page that a story has opened. */
export function closeApps(): void {
  for (const app of apps.splice(0)) app.unmount()
  document.body.innerHTML = ''
}

/** Lets what is under way happen, and `ms` milliseconds pass. */
export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}
