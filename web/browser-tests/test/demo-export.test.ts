import { readFile } from 'node:fs/promises'
import { strFromU8, unzipSync } from 'fflate'
import type { Download } from 'playwright-core'
import { expect } from 'vitest'
import { DemoTab } from '../src/demo.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

const EXPORTS = '/devTools/exportTask'

/** Orders an export and downloads it. `seen` are the values that its progress bar had. */
async function orderAndDownload(tab: DemoTab, title: string, format: 'xlsx' | 'csv', rows: number): Promise<{ download: Download; bytes: Buffer; seen: number[] }> {
  const { page } = tab
  await page.evaluate((title) => {
    const seen = new Set<number>()
    Object.assign(window, { seen })
    const look = () => {
      const bar = document.querySelector(`[role=progressbar][aria-label*="${title}"]`)
      if (bar) seen.add(Number(bar.getAttribute('aria-valuenow')))
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
  }, title)
  const form = page.getByRole('form', { name: 'New export' })
  await form.getByRole('textbox', { name: 'Title' }).fill(title)
  await form.getByRole('spinbutton', { name: 'Rows to generate' }).fill(String(rows))
  await form.getByText(format, { exact: true }).click()
  await form.getByRole('button', { name: 'Start export' }).click()

  const task = page.getByRole('list', { name: 'List of exports' }).getByRole('listitem').filter({ hasText: title })
  await task.getByRole('button', { name: /^Download / }).waitFor({ timeout: 60_000 })
  const downloaded = page.waitForEvent('download')
  await task.getByRole('button', { name: /^Download / }).click()
  const download = await downloaded
  const bytes = await readFile(await download.path())
  const seen = await page.evaluate(() => [...(window as unknown as { seen: Set<number> }).seen])
  return { download, bytes, seen }
}

test('an export is ordered, its progress is seen, and the file has what was ordered', async ({ context, dev }) => {
  const tab = await DemoTab.open(context, dev.http, EXPORTS)
  await tab.logIn(dev, 'alice')
  await tab.isConnected()
  const told: string[] = []
  tab.sockets[0]!.on('framereceived', ({ payload }) => void (String(payload).includes('"export_progress"') && told.push(String(payload))))

  const csv = await orderAndDownload(tab, '用户列表', 'csv', 5_000)
  expect(csv.download.suggestedFilename()).toMatch(/^用户列表.*\.csv$/)
  const lines = csv.bytes.toString('utf8').trimEnd().split(/\r?\n/)
  expect(lines).toHaveLength(5_001)
  expect(lines[0]).toContain('Name')
  expect(lines[3]).toContain('陈晓明')
  await until('progress was told', () => told.length > 0)
  expect(csv.seen.length).toBeGreaterThan(0)
  expect(csv.seen.every((percent) => percent >= 0 && percent <= 100)).toBe(true)

  // The notification that it is done lies over the form until it is read.
  await tab.alert('用户列表').getByRole('button', { name: 'Mark as read' }).click()
  await tab.counts(0)
  const xlsx = await orderAndDownload(tab, '订单', 'xlsx', 100)
  expect(xlsx.download.suggestedFilename()).toMatch(/^订单.*\.xlsx$/)
  const files = unzipSync(xlsx.bytes)
  const sheet = strFromU8(files['xl/worksheets/sheet1.xml']!)
  expect(sheet.match(/<row /g)).toHaveLength(101)
  const texts = Object.values(files).map((file) => strFromU8(file)).join('')
  expect(texts).toContain('陈晓明')

  // A notification says so as well, and its link leads here.
  await tab.counts(1)
  await tab.goTo('/notifications')
  await tab.page.getByRole('link', { name: /^Open the link of “.*订单/ }).click()
  await tab.page.getByRole('heading', { name: 'Exports' }).waitFor()
})
