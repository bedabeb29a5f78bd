import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

// The built package, as an application has it: `npm test` builds it first.

const root = fileURLToPath(new URL('..', import.meta.url))
const installed = (name: string) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
let app: string

beforeEach(() => {
  app = mkdtempSync(join(tmpdir(), 'gatepipe-app-'))
  mkdirSync(join(app, 'node_modules/@gatepipe'), { recursive: true })
  symlinkSync(root, join(app, 'node_modules/@gatepipe/vue'))
  symlinkSync(installed('@gatepipe/client'), join(app, 'node_modules/@gatepipe/client'))
  symlinkSync(installed('vue'), join(app, 'node_modules/vue'))
  symlinkSync(installed('axios'), join(app, 'node_modules/axios'))
})
afterEach(() => rmSync(app, { recursive: true }))

test.each([
  ['app.mjs', (names: string, from: string) => `import ${names} from '${from}'`],
  ['app.cjs', (names: string, from: string) => `const ${names} = require('${from}')`],
])('it is imported, and works with the Vue of the application: %s', (file, take) => {
  const text = `
    ${take('{ createGatepipe, useConnectionState }', '@gatepipe/vue')}
    ${take('{ createApp }', 'vue')}
    const app = createApp({})
    const gatepipe = createGatepipe()
    app.use(gatepipe)
    console.log(gatepipe.client.status.phase, app.runWithContext(() => useConnectionState().text('en')))`
  writeFileSync(join(app, file), text)
  expect(execFileSync(process.execPath, [join(app, file)], { encoding: 'utf8' }).trim()).toBe('idle not connected')
})

test.each(['app.mts', 'app.cts'])('its types are found by an application, and are what they say: %s', (file) => {
  const text = `
    import axios from 'axios'
    import { createApp } from 'vue'
    import { createGatepipe, onWsMessage, useConnectionState, useNotifications, useWebSocket } from '@gatepipe/vue'
    declare module '@gatepipe/client' { interface GatepipeMessages { order: { id: string } } }
    const app = createApp({}).use(createGatepipe({ request: axios.create(), base: '/api/admin', identity: () => 1, tabs: 'off' }))
    onWsMessage('order', ({ data }) => { const id: string = data.id; console.log(id, app) })
    const stop: () => void = onWsMessage('notification', ({ data }) => console.log(data.title))
    const { isConnected, send } = useWebSocket()
    const connected: boolean = isConnected.value
    const sent: boolean = send({ type: 'hello' })
    const { items, unread, lastError } = useNotifications({ system: true })
    const title: string | undefined = items.value[0]?.title
    const { seconds, text } = useConnectionState()
    console.log(stop, connected, sent, title, unread.value + seconds.value, lastError.value?.message, text('zh-CN'))
    // @ts-expect-error what the composables tell is not to be changed
    unread.value = 3
    // @ts-expect-error there is no such option
    createGatepipe({ requests: axios.create() })`
  writeFileSync(join(app, file), text)
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], skipLibCheck: true }
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', app], { encoding: 'utf8' })
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
})
