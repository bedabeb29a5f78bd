import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

// The built package, as an application has it: `npm test` builds it first.

const root = fileURLToPath(new URL('..', import.meta.url))
let app: string

beforeEach(() => {
  app = mkdtempSync(join(tmpdir(), 'gatepipe-app-'))
  mkdirSync(join(app, 'node_modules/@gatepipe'), { recursive: true })
  symlinkSync(root, join(app, 'node_modules/@gatepipe/client'))
})
afterEach(() => rmSync(app, { recursive: true }))

const node = (file: string, text: string) => {
  writeFileSync(join(app, file), text)
  return execFileSync(process.execPath, [join(app, file)], { encoding: 'utf8' }).trim()
}

test('it is imported and inert where there is no browser, as ES module', () => {
  const text = `
    import { GatepipeClient } from '@gatepipe/client'
    import { createMemoryServer } from '@gatepipe/client/testing'
    delete globalThis.WebSocket
    const client = new GatepipeClient()
    client.connect()
    console.log(client.status.phase, typeof createMemoryServer)`
  expect(node('app.mjs', text)).toBe('idle function')
})

test('and as CommonJS', () => {
  const text = `
    const { GatepipeClient } = require('@gatepipe/client')
    const { createMemoryServer } = require('@gatepipe/client/testing')
    const server = createMemoryServer()
    const client = new GatepipeClient({ url: 'ws://x.test', bind: server.bind, environment: { WebSocket: server.WebSocket } })
    client.connect()
    client.ready().then(() => { console.log(client.status.phase); client.disconnect() })`
  expect(node('app.cjs', text)).toBe('ready')
})

test.each(['app.mts', 'app.cts'])('its types are found by an application, and are what they say: %s', (file) => {
  const text = `
    import { GatepipeClient, type Status } from '@gatepipe/client'
    import { createMemoryServer } from '@gatepipe/client/testing'
    declare module '@gatepipe/client' { interface GatepipeMessages { order: { id: string } } }
    const client = new GatepipeClient({ environment: { WebSocket: createMemoryServer().WebSocket } })
    client.on('notification', ({ data, recovered }) => { const id: number = data.id; const again: true | undefined = recovered; console.log(id, again) })
    client.on('order', ({ data }) => { const id: string = data.id; console.log(id) })
    client.on('unheard of', ({ data }) => { const unknown: unknown = data; console.log(unknown) })
    // @ts-expect-error a notification has no such field
    client.on('notification', ({ data }) => console.log(data.nothing))
    // @ts-expect-error there is no such phase
    client.onStatus(({ phase }: Status) => console.log(phase === 'kicked'))`
  writeFileSync(join(app, file), text)
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'], types: [] }
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', app], { encoding: 'utf8' })
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
})
