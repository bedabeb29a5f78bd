import type { BrowserContext, Locator, Page } from 'playwright-core'
import type { Cluster, Name } from './cluster.js'

/** A tab with the console, used as operators do: everything is found by its role and name. */
export class ConsoleTab {
  private constructor(
    readonly page: Page,
    private readonly origin: string,
  ) {}

  /** Opens the console at this place, as in `/gateways`, and logs in. */
  static async open(context: BrowserContext, cluster: Cluster, name: Name, at = '/'): Promise<ConsoleTab> {
    return await ConsoleTab.openAs(context, cluster, name, cluster.users[name].password, at)
  }

  /** The same for whoever was made in the story. */
  static async openAs(context: BrowserContext, cluster: Cluster, username: string, password: string, at = '/'): Promise<ConsoleTab> {
    const tab = new ConsoleTab(await context.newPage(), cluster.http)
    await tab.goTo(at)
    await tab.logIn(username, password)
    await tab.menu.waitFor()
    return tab
  }

  async logIn(username: string, password: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'User name' }).fill(username)
    await this.page.getByRole('textbox', { name: 'Password' }).fill(password)
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  async goTo(at: string): Promise<void> {
    await this.page.goto(`${this.origin}/console/#${at}`)
  }

  get menu(): Locator {
    return this.page.getByRole('navigation', { name: 'Main menu' })
  }

  /** Waits until the screen with this title is shown. */
  async shows(title: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: title }).waitFor()
  }

  /** Waits until this text can be seen. */
  async says(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor()
  }

  /** The row of a table in which this text stands. */
  row(text: string): Locator {
    return this.page.getByRole('row').filter({ hasText: text })
  }

  /** Presses a button of the box that asks, after typing into its field when there is something to type. */
  async answer(button: string, typed?: string): Promise<void> {
    const box = this.page.locator('.el-message-box')
    if (typed !== undefined) await box.getByRole('textbox').fill(typed)
    await box.getByRole('button', { name: button, exact: true }).click()
    await box.waitFor({ state: 'hidden' })
  }
}
