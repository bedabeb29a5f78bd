import type { Envelope, Status } from '@gatepipe/client'
import type { BrowserContext, CDPSession, Page, WebSocket } from 'playwright-core'
import { clients, logIn, type Cluster, type Name } from './cluster.js'
import type { PageOptions } from './page/main.js'
import { until } from './until.js'

/** A tab with the bare page. */
export class Tab {
  /** All sockets that this tab opened. */
  readonly sockets: WebSocket[] = []
  private session: CDPSession | undefined

  private constructor(readonly page: Page) {
    page.on('websocket', (socket) => this.sockets.push(socket))
  }

  static async open(context: BrowserContext, origin: string, options: PageOptions): Promise<Tab> {
    const tab = new Tab(await context.newPage())
    await tab.page.goto(`${origin}/story/#${encodeURIComponent(JSON.stringify(options))}`)
    return tab
  }

  status(): Promise<Status> {
    return this.page.evaluate(() => window.story.client.status)
  }

  statuses(): Promise<(Status & { at: number })[]> {
    return this.page.evaluate(() => window.story.statuses)
  }

  /** Waits until the status has these values. */
  async is(expected: Partial<Status>): Promise<Status> {
    const look = async () => {
      const status = await this.status()
      return fits(status, expected) && status
    }
    return await until(`the tab is ${JSON.stringify(expected)}`, look, () => this.statuses())
  }

  /** Waits until the status has been so. */
  async was(expected: Partial<Status>): Promise<void> {
    const look = async () => (await this.statuses()).some((status) => fits(status, expected))
    await until(`the tab was ${JSON.stringify(expected)}`, look, () => this.statuses())
  }

  async heard(type: string): Promise<Envelope[]> {
    return await this.page.evaluate((type) => window.story.heard.filter((message) => message.type === type), type)
  }

  /** Titles of the notifications that rang, in order. */
  async titles(): Promise<string[]> {
    return (await this.heard('notification')).map(({ data }) => (data as { title: string }).title)
  }

  /** Waits until these and no others have rung. */
  async rang(...titles: string[]): Promise<void> {
    const expected = JSON.stringify(titles)
    await until(`the tab rang ${expected}`, async () => JSON.stringify(await this.titles()) === expected, () => this.titles())
  }

  /** Frames of this type that it sent. */
  countSent(type: string): () => number {
    let count = 0
    const listen = (socket: WebSocket) => socket.on('framesent', ({ payload }) => void (String(payload).includes(`"${type}"`) && count++))
    this.sockets.forEach(listen)
    this.page.on('websocket', listen)
    return () => count
  }

  /** Tells the page where the gateways are now. */
  async moveTo(ws: string[]): Promise<void> {
    await this.page.evaluate((ws) => void (window.story.ws = ws), ws)
  }

  /** Whether the page may run and is in sight: browsers freeze pages that nobody has looked at for long. */
  async setLife(state: 'frozen' | 'active'): Promise<void> {
    this.session ??= await this.page.context().newCDPSession(this.page)
    await this.session.send('Page.setWebLifecycleState', { state })
  }
}

function fits(status: Status, expected: Partial<Status>): boolean {
  return Object.entries(expected).every(([key, value]) => status[key as keyof Status] === value)
}

/** Opens a tab of this user, who logs in for it. */
export async function openTab(context: BrowserContext, cluster: Cluster, origin: string, name: Name, options: Partial<PageOptions> = {}): Promise<Tab> {
  return await Tab.open(context, origin, { ws: cluster.ws, token: await logIn(cluster, name), identity: cluster.users[name].id, ...options })
}

/** Waits until the gateways have so many sockets of this user. */
export async function untilSockets(cluster: Cluster, name: Name, count: number): Promise<void> {
  const look = async () => (await clients(cluster, name)).length
  await until(`${name} has ${count} sockets`, async () => (await look()) === count, look)
}
