// What a page does, frame by frame: init, bind, bind_success, push, a stored notification, forced offline.

import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import { check, until } from './until.mjs'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { WebSocket } = require('ws')

export async function story(front, caller, admin, person) {
  const socket = new WebSocket(front.wss, front.connect)
  const frames = []
  let closed
  socket.on('message', (data) => frames.push(JSON.parse(data)))
  socket.on('close', (code) => (closed = code))
  socket.on('error', (error) => (closed = error))
  const next = async (what) => {
    await until(what, () => frames.length > 0 || closed !== undefined)
    check(frames.length > 0, `${what}: closed with ${closed}`)
    return frames.shift()
  }
  const same = (what, found, expected) => check(isDeepStrictEqual(found, expected), `${what}: ${JSON.stringify(found)}`)

  const init = await next('init')
  check(init.type === 'init' && /^[0-9a-f]{40}$/.test(init.client_id), `init: ${JSON.stringify(init)}`)
  same('bind', await caller.call('/WebSocket/bind', { token: person.token, body: { client_id: init.client_id } }), { bound: true })
  same('bind_success', await next('bind_success'), { type: 'bind_success', data: { uid: person.id } })

  const pushed = await caller.call('/WebSocket/pushToUser', { token: person.token, body: { uid: person.id, type: 'export', data: { ready: true } } })
  same('pushToUser', pushed, { sent: true, reached: 1, failed: [] })
  same('the push', await next('the push'), { type: 'export', data: { ready: true } })

  const body = { user_ids: [person.id], title: 'Your export is ready', content: 'Click', level: 'urgent', notification_type: 'success', link: '/devTools/exportTask' }
  same('Notification/send', await caller.call('/Notification/send', { token: admin.token, body }), { ids: [1], reached: 1, failed: [] })
  const { type, data } = await next('the notification')
  check(type === 'notification' && data.id === 1 && data.title === body.title && data.link === body.link, `notification: ${JSON.stringify(data)}`)
  const stored = await caller.call('/Notification/list', { token: person.token })
  check(stored.list.length === 1 && stored.list[0].id === 1 && stored.list[0].is_read === false, `the list: ${JSON.stringify(stored)}`)
  same('unreadCount', await caller.call('/Notification/unreadCount', { token: person.token }), { count: 1 })

  socket.send('{"type":"ping"}')
  same('pong', await next('pong'), { type: 'pong' })
  same('forceOffline', await caller.call('/WebSocket/forceOffline', { token: admin.token, body: { uid: person.id, reason: 'maintenance' } }), { closed: 1, failed: [] })
  same('force_offline', await next('force_offline'), { type: 'force_offline', data: { reason: 'maintenance' } })
  await until('the close', () => closed !== undefined)
  check(closed === 4001, `closed with ${closed}`)
  const refused = await caller.call('/WebSocket/bind', { token: person.token, body: { client_id: init.client_id } }).catch((error) => error)
  check(refused.status === 401, `the old token: ${refused.message}`)
}
