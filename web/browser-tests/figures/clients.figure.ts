import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from 'playwright-core'
import { Caller } from '../src/api.js'
import { logIn } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { startGateway } from '../src/daemon.js'
import { makeFolder, removeFolder } from '../src/folder.js'
import { Member } from '../src/member.js'
import { Program } from '../src/program.js'
import { test } from '../src/story.js'

// How the console lists 20,000 connections: npm run figure:clients -w browser-tests

const GATEWAYS = 3
const SOCKETS = Number(process.env.SOCKETS ?? 20_000)
/** Those of one user, for whom it is filtered. */
const BOUND = 30
const TURNS = 50
const holder = fileURLToPath(new URL('holder.mjs', import.meta.url))

test('many connections are listed', async ({ context, dev }) => {
  const folder = makeFolder()
  const gateways = await Promise.all(Array.from({ length: GATEWAYS }, () => startGateway(dev.register, folder)))
  const urls = gateways.map(({ up }) => `ws://${up.clients}/ws`)
  const alice = new Caller(dev.http, await logIn(dev, 'alice'))
  const bind = ({ clientId }: Member) => alice.post<void>('/WebSocket/bind', { client_id: clientId })
  const members = Array.from({ length: BOUND }, (_, index) => new Member('alice', undefined, () => urls, bind, index))
  const holders: Program[] = []
  try {
    for (const member of members) await member.come()
    const each = Math.floor((SOCKETS - BOUND) / GATEWAYS)
    for (const url of urls) {
      const ready = { from: 'stdout', read: (line: string) => line === 'up' || undefined } as const
      holders.push((await Program.start(process.execPath, [holder, url, String(each)], folder, ready)).program)
    }
    const { clients } = await dev.admin.get<{ clients: number }>('/WebSocket/estimate')
    const { page } = await ConsoleTab.open(context, dev, 'admin', '/send')
    const session = await context.newCDPSession(page)
    await session.send('Performance.enable')

    const before = await weight(session)
    const first = await timed(page, 'nav a[href="#/clients"]')
    const listed = await weight(session)
    const turns: number[] = []
    for (let turn = 0; turn < TURNS; turn += 1) turns.push(await timed(page, 'main nav button:last-child'))
    const turned = await weight(session)
    await page.getByRole('textbox', { name: 'uid' }).fill(String(dev.users.alice.id))
    const filtered = await timed(page, 'main form button[type=submit]')
    const rows = await page.locator('main tbody tr').count()
    turns.sort((one, other) => one - other)
    console.log(
      JSON.stringify(
        {
          connections: clients,
          first_page_ms: first,
          turn_ms: { median: turns[TURNS / 2], slowest: turns.at(-1) },
          filter_ms: filtered,
          rows_of_the_filter: rows,
          before: before,
          first_page: listed,
          [`after_${TURNS}_turns`]: turned,
        },
        null,
        2,
      ),
    )
  } finally {
    for (const member of members) member.leave()
    await Promise.all([...holders, ...gateways.map(({ program }) => program)].map((program) => program.kill()))
    await removeFolder(folder)
  }
})

/** From a click until the table shows another connection on top and has been drawn, in milliseconds, by the page's own clock. */
async function timed(page: Page, button: string): Promise<number> {
  return await page.evaluate(async (button) => {
    const top = () => document.querySelector('main tbody tr [aria-label^="Open connection"]')?.getAttribute('aria-label')
    const before = top()
    const began = performance.now()
    document.querySelector<HTMLElement>(button)!.click()
    const drawn = () => new Promise(requestAnimationFrame)
    while (top() === before || !top()) await drawn()
    await drawn()
    return Math.round(performance.now() - began)
  }, button)
}

/** What the page weighs after its garbage is gone. */
async function weight(session: CDPSession): Promise<{ heap_mib: number; nodes: number }> {
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0
  return { heap_mib: Math.round((value('JSHeapUsedSize') / 1_048_576) * 10) / 10, nodes: value('Nodes') }
}
