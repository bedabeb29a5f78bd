import type { BrowserContext, Locator, Page, WebSocket } from 'playwright-core'
import type { Cluster, Name } from './cluster.js'
import { until } from './until.js'

/** A tab with the demo, used as people do: everything is found by its role and name, as `web/demo/README.md` lists them. */
export class DemoTab {
  /** All sockets that this tab opened. */
  readonly sockets: WebSocket[] = []
  /** The token with which the page called the api last. */
  token = ''

  private constructor(
    readonly page: Page,
    private readonly origin: string,
  ) {
    page.on('websocket', (socket) => this.sockets.push(socket))
    page.on('request', (request) => {
      const { authorization } = request.headers()
      if (authorization) this.token = authorization.replace('Bearer ', '')
    })
  }

  /** Opens the page at this place, as in `/notifications`; whoever is not logged in is sent to the login. */
  static async open(context: BrowserContext, origin: string, at = '/'): Promise<DemoTab> {
    const tab = new DemoTab(await context.newPage(), origin)
    await tab.goTo(at)
    return tab
  }

  async goTo(at: string): Promise<void> {
    await this.page.goto(`${this.origin}/demo/#${at}`)
  }

  /** Puts it in front of the other tabs: what moves in those behind takes seconds. */
  async look(): Promise<void> {
    await this.page.bringToFront()
  }

  async logIn({ users }: Cluster, name: Name, password = users[name].password): Promise<void> {
    await this.look()
    await this.page.getByRole('textbox', { name: 'User name' }).fill(name)
    await this.page.getByRole('textbox', { name: 'Password' }).fill(password)
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  async signOut(name: Name): Promise<void> {
    await this.look()
    await this.page.getByRole('button', { name: `Account: ${name}` }).click()
    await this.page.getByRole('menuitem', { name: 'Sign out' }).click()
  }

  /** What the page says of its connection. */
  get connection(): Locator {
    return this.page.getByRole('status', { name: 'Connection' })
  }

  /** The client's phase. */
  phase(): Promise<string | null> {
    return this.connection.getAttribute('data-phase')
  }

  async isConnected(): Promise<void> {
    await this.connection.and(this.page.locator('[data-phase=ready]')).waitFor()
  }

  /** Notes from now on when the page was connected again. */
  async watchConnection(): Promise<void> {
    await this.connection.evaluate((element) => {
      const connectedAt: number[] = []
      Object.assign(window, { connectedAt })
      new MutationObserver(() => {
        if (element.getAttribute('data-phase') === 'ready') connectedAt.push(Date.now())
      }).observe(element, { attributes: true, attributeFilter: ['data-phase'] })
    })
  }

  /** What `watchConnection` noted, by the machine's clock. */
  connectedAt(): Promise<number[]> {
    return this.page.evaluate(() => (window as unknown as { connectedAt: number[] }).connectedAt)
  }

  /** Waits until the page says this: a notification that arrives, or what went wrong. */
  async says(text: string): Promise<void> {
    await this.alert(text).waitFor()
  }

  alert(text: string): Locator {
    return this.page.getByRole('alert').filter({ hasText: text })
  }

  /** Waits until the bell counts so many. */
  async counts(unread: number): Promise<void> {
    await this.page.getByRole('link', { name: `Notifications, ${unread} unread` }).waitFor()
  }

  /** Titles in the notification centre, from the top. */
  titles(): Promise<string[]> {
    return this.page.getByRole('list', { name: 'List of notifications' }).getByRole('heading').allTextContents()
  }

  /** Waits until the notification centre lists exactly these, from the top. */
  async lists(...titles: string[]): Promise<void> {
    const expected = JSON.stringify(titles)
    await until(`the page lists ${expected}`, async () => JSON.stringify(await this.titles()) === expected, () => this.titles())
  }
}
