import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { faults } from '../src/axe.js'
import { ConsoleTab } from '../src/console.js'
import { test } from '../src/story.js'
import { furnish, goTo, tour } from '../src/tour.js'

/** Many screens in one story. */
const timeout = 240_000

test.for(['light', 'dark'] as const)('the screens of the console keep nobody out: %s', { timeout }, async (colorScheme, { browser, crowd }) => {
  const dark = colorScheme === 'dark'
  // Of light and dark only the colours differ.
  const rules = dark ? ['color-contrast'] : undefined
  const context = await browser.newContext({ locale: 'en-US', colorScheme, reducedMotion: 'reduce' })
  context.setDefaultTimeout(30_000)
  try {
    await furnish(crowd)
    const found: Record<string, string[]> = {}
    const look = async (name: string, page: Page) => {
      const bad = await faults(page, rules)
      if (bad.length) found[name] = bad
    }
    const outside = await context.newPage()
    await outside.goto(`${crowd.http}/console/`)
    await outside.getByRole('button', { name: 'Sign in as alice' }).waitFor()
    await look('login', outside)
    await outside.close()
    const { page } = await ConsoleTab.open(context, crowd, 'admin', '/send')
    await page.locator('[data-phase=ready]').waitFor()
    for (const stop of tour(crowd)) {
      if (dark && stop.plain) continue
      await goTo(page, crowd.http, stop)
      await look(stop.name, page)
    }
    expect(found).toEqual({})
  } finally {
    await context.close()
  }
})
