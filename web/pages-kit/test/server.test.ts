import { describe, expect, it } from 'vitest'
import { askServer, createTurns, readServer } from '../src/server.js'

describe('what the server tells', () => {
  const dev = { http: 'http://127.0.0.1:8787', ws: ['ws://127.0.0.1:7272/ws', 'javascript:alert(1)', 7], dev: { users: ['alice', null] } }

  it('is taken where it has the right shape', () => {
    expect(readServer(dev, { hostname: '127.0.0.1', port: '8787' })).toEqual({ ws: ['ws://127.0.0.1:7272/ws'], users: ['alice'] })
    for (const nothing of [null, {}, [], 'text', { ws: 'ws://a' }]) {
      expect(readServer(nothing, { hostname: 'a', port: '' })).toEqual({ ws: [], users: [] })
    }
  })

  it('names the gateways by the name that the page was opened with', () => {
    expect(readServer(dev, { hostname: 'admin.test', port: '8787' }).ws).toEqual(['ws://admin.test:7272/ws'])
  })

  it('leaves the socket to the proxy that the page came through', () => {
    expect(readServer(dev, { hostname: '127.0.0.1', port: '' })).toEqual({ ws: [], users: ['alice'] })
  })

  it('is nothing special where there is no answer, or a page instead', async () => {
    const answers = [async () => new Response('no', { status: 404 }), async () => new Response('<!doctype html>'), async () => Promise.reject(new TypeError('away'))]
    for (const reach of answers) expect(await askServer(reach)).toEqual({ ws: [], users: [] })
  })
})

describe('the address of the next attempt', () => {
  it('is another gateway each time, all of them in turn', async () => {
    const next = createTurns(Promise.resolve({ ws: ['ws://a', 'ws://b', 'ws://c'], users: [] }), () => 0.5)
    const first = [await next(), await next(), await next()]
    expect([...first].sort()).toEqual(['ws://a', 'ws://b', 'ws://c'])
    expect(await next()).toBe(first[0])
  })

  it('is that of this origin where the server told of none', async () => {
    expect(await createTurns(Promise.resolve({ ws: [], users: [] }))()).toBe('/ws')
  })
})
