import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type BrowserContext } from 'playwright-core'
import { FLAGS } from './browser.js'
import { makeFolder, removeFolder } from './folder.js'
import { chromium as installed } from './installed.js'
import { Program } from './program.js'

/** A Chromium with a profile folder of its own. */
export interface Profile {
  readonly context: BrowserContext
  stop(): Promise<void>
}

/** What Playwright sets too where it starts one: no talk with the network beside that of the pages. And no GPU, which machines of tests do not have. */
const QUIET = ['--disable-background-networking', '--disable-sync', '--disable-gpu']

/** A browser that ends while it starts is none of ours; one that does so every time is told. */
const TRIES = 3

/**
 * Starts Chromium as somebody has it who sets it up: with `preferences` of the profile, and with tabs that go out of sight when another one comes
 * to the front. (Playwright's own way keeps every tab in sight.)
 */
export async function startProfile(preferences: object = {}): Promise<Profile> {
  const folder = makeFolder()
  mkdirSync(join(folder, 'Default'))
  writeFileSync(join(folder, 'Default/Preferences'), JSON.stringify(preferences))
  const flags = ['--headless', '--no-sandbox', '--remote-debugging-port=0', `--user-data-dir=${folder}`, ...FLAGS, ...QUIET, 'about:blank']
  const ready = { from: 'stderr', read: (line: string) => /^DevTools listening on (\S+)/.exec(line)?.[1] } as const
  const { program, up } = await startAgain(() => Program.start<string>(installed()!, flags, folder, ready))
  const browser = await chromium.connectOverCDP(up, { noDefaults: true })
  return {
    context: browser.contexts()[0]!,
    async stop() {
      await browser.close()
      // Killed at once it would leave processes behind that still write into the folder.
      await program.stop()
      await removeFolder(folder)
    },
  }
}

async function startAgain<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start()
    } catch (error) {
      if (tries === TRIES) throw error
      console.log(`Chromium is started again: ${String(error)}`)
    }
  }
}
