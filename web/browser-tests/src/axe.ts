import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { settle } from './settle.js'

/** What axe finds on the page as it stands that keeps people from using it. `rules`: only these; otherwise all. */
export async function faults(page: Page, rules?: string[]): Promise<string[]> {
  // Nothing half transparent.
  await settle(page)
  await page.evaluate(axe.source)
  const options: axe.RunOptions = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }
  const { violations } = await page.evaluate((options) => (window as unknown as { axe: typeof axe }).axe.run(options), options)
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return bad.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${String(target)}: ${failureSummary}`))
}
