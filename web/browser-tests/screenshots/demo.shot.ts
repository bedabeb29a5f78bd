import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { forceOffline, logIn, notify, type Cluster, type Name } from '../src/cluster.js'
import { Caller } from '../src/api.js'
import { settle } from '../src/settle.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

// Pictures of every page of the demo, to be looked at: npm run screenshots -w browser-tests

const folder = fileURLToPath(new URL('../dist/screenshots/', import.meta.url))
const LONG = 'A title that is much longer than others, because somebody wrote all of the text into it and left the content empty, as people do'
const LONG_CHINESE = '这是一个比其他标题长得多的标题，因为有人把全部内容都写进了标题里，而把正文留空了，这种情况在实际使用中经常发生'

test('every page, in light and dark, English and Chinese, wide and narrow', async ({ browser, dev }) => {
  mkdirSync(folder, { recursive: true })
  await fill(dev)
  for (const locale of ['en-US', 'zh-CN']) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        const viewport = { width, height: width > 1000 ? 800 : 844 }
        const context = await browser.newContext({ locale, colorScheme, viewport, reducedMotion: 'reduce' })
        const page = await context.newPage()
        const shoot = async (name: string) => {
          await page.waitForLoadState('networkidle')
          await settle(page)
          await page.screenshot({ path: `${folder}${name}-${locale}-${colorScheme}-${width}.png`, animations: 'disabled' })
        }
        const goTo = (place: string) => page.goto(`${dev.http}/demo/#${place}`)
        await goTo('/')
        await shoot('login')
        await enter(page, 'alice', 'wrong password')
        await page.getByRole('alert').first().waitFor()
        await shoot('login-wrong')
        await logInAs(page, dev, 'carol')
        await shoot('notifications-empty')
        await goTo('/devTools/exportTask')
        await page.locator('#export-title').waitFor()
        await shoot('exports-empty')
        await forceOffline(dev, 'carol', locale === 'zh-CN' ? '系统维护' : 'maintenance')
        await page.locator('[name=username]').waitFor()
        await shoot('login-forced-offline')

        await logInAs(page, dev, 'admin')
        await goTo('/notifications')
        await page.locator('li.unread').first().waitFor()
        await shoot('notifications')
        await notify(dev, 'admin', { title: LONG_CHINESE, content: 'With a content', link: '/send' })
        await page.getByRole('alert').first().waitFor()
        await shoot('notifications-toast')
        await page.getByRole('alert').getByRole('button').last().click()
        await goTo('/devTools/exportTask')
        await page.locator('[data-state=done]').first().waitFor()
        await shoot('exports')
        await goTo('/send')
        await page.getByRole('tab').first().waitFor()
        for (const [number, tab] of (await page.getByRole('tab').all()).entries()) {
          await tab.click()
          await shoot(`send-${number + 1}`)
        }
        await goTo('/nowhere')
        await page.getByRole('link', { name: /To the notifications|返回通知中心/ }).waitFor()
        await shoot('not-found')
        await context.setOffline(true)
        await page.locator('[data-phase=paused]').waitFor()
        await shoot('offline')
        await context.close()
      }
    }
  }
})

/** What there is to be seen: notifications of every kind, and exports that ended well and badly. */
async function fill(dev: Cluster): Promise<void> {
  await notify(dev, 'admin', { title: LONG, level: 'normal' })
  for (const [number, notification_type] of ['info', 'success', 'warning', 'error'].entries()) {
    const title = ['Your report is ready', '导出已完成', 'The disk is almost full', 'The export failed'][number]!
    await notify(dev, 'admin', { title, content: 'One line of content.\nAnd another one.', notification_type, link: number % 2 ? '' : 'https://example.com/' })
  }
  await notify(dev, 'admin', { title: 'Folded', content: 'Many words. '.repeat(100), level: 'normal' })
  const rows = Array.from({ length: 50 }, (_, number) => [number])
  const admin = new Caller(dev.http, await logIn(dev, 'admin'))
  for (const title of ['Users', '用户列表', LONG_CHINESE]) await admin.post('/ExportTask/create', { title, headers: ['n'], data: rows })
  await until('the exports are done', async () => {
    const { list } = await admin.get<{ list: { state: string }[] }>('/ExportTask/list')
    return list.length === 3 && list.every(({ state }) => state === 'done')
  })
}

/** In any language. */
async function logInAs(page: Page, { users }: Cluster, name: Name): Promise<void> {
  await enter(page, name, users[name].password)
  await page.locator('[data-phase=ready]').waitFor()
}

async function enter(page: Page, name: string, password: string): Promise<void> {
  await page.locator('[name=username]').fill(name)
  await page.locator('[name=password]').fill(password)
  await page.locator('[name=password]').press('Enter')
}
