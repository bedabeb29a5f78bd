// @vitest-environment node
import { expect, test, vi } from 'vitest'
import { createSSRApp, defineComponent, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createGatepipe, onWsMessage, useConnectionState, useNotifications, useWebSocket, type Requester } from '../src/index.js'

test('rendering on a server connects nothing, asks nothing and leaves no timer', async () => {
  const opened = vi.fn()
  const request: Requester = { get: vi.fn(), post: vi.fn() }
  const setTimeout = vi.spyOn(globalThis, 'setTimeout')
  const setInterval = vi.spyOn(globalThis, 'setInterval')
  const Page = defineComponent(() => {
    const { isConnected } = useWebSocket()
    const { unread, permission } = useNotifications({ system: true })
    const { text } = useConnectionState()
    onWsMessage('news', () => {})
    return () => h('p', `${isConnected.value} ${unread.value} ${permission.value} ${text('en')}`)
  })
  const app = createSSRApp(Page)
  app.use(createGatepipe({ request, environment: { WebSocket: opened as never } }))
  expect(await renderToString(app)).toBe('<p>false 0 unsupported not connected</p>')
  expect([opened, request.get, request.post, setTimeout, setInterval].map((call) => vi.mocked(call).mock.calls.length)).toEqual([0, 0, 0, 0, 0])
})
