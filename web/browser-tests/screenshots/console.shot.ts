import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { settle } from '../src/settle.js'
import { test } from '../src/story.js'
import { furnish, goTo, tour } from '../src/tour.js'

// Pictures of every screen of the console, to be looked at: npm run screenshots -w browser-tests

const PASSWORD = 'correct horse'
const folder = fileURLToPath(new URL('../dist/screenshots/', import.meta.url))

test('every screen of the console, in light and dark, English and Chinese, wide and narrow', async ({ browser, crowd }) => {
  mkdirSync(folder, { recursive: true })
  await furnish(crowd)
  const { admin, users } = crowd
  const erin = await admin.post<{ id: number }>('/User/create', { username: 'erin', password: PASSWORD, manager_id: users.alice.id })
  for (const locale of ['en-US', 'zh-CN']) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        const viewport = { width, height: width > 1000 ? 800 : 844 }
        const context = await browser.newContext({ locale, colorScheme, viewport, reducedMotion: 'reduce' })
        const page = await context.newPage()
        const shoot = async (name: string) => {
          await settle(page)
          await page.screenshot({ path: `${folder}console-${name}-${locale}-${colorScheme}-${width}.png`, animations: 'disabled' })
        }
        await page.goto(`${crowd.http}/console/`)
        await page.locator('[name=username]').waitFor()
        await shoot('login')
        await enter(page, 'erin', PASSWORD)
        await page.goto(`${crowd.http}/console/#/settings`)
        await page.getByRole('alert').waitFor()
        await shoot('forbidden')
        await admin.post('/WebSocket/forceOffline', { uid: erin.id, reason: locale === 'zh-CN' ? '系统维护' : 'maintenance' })
        await page.locator('[name=username]').waitFor()
        await shoot('login-forced-offline')
        await enter(page, 'admin', users.admin.password)
        for (const stop of tour(crowd)) {
          await goTo(page, crowd.http, stop)
          await shoot(stop.name)
        }
        if (width < 1000) {
          await page.locator('header button').first().click()
          await page.locator('.el-drawer nav').waitFor()
          await shoot('menu')
          await page.keyboard.press('Escape')
          await page.locator('.el-drawer nav').waitFor({ state: 'hidden' })
        }
        await context.setOffline(true)
        await page.locator('[data-phase=paused]').waitFor()
        await shoot('offline')
        await context.close()
      }
    }
  }
})

async function enter(page: Page, name: string, password: string): Promise<void> {
  await page.locator('[name=username]').fill(name)
  await page.locator('[name=password]').fill(password)
  await page.locator('[name=password]').press('Enter')
  await page.locator('[data-phase=ready]').waitFor()
}
