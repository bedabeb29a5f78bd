import type { Browser, BrowserContext } from 'playwright-core'
import { test as bare } from 'vitest'
import { startBrowser } from './browser.js'
import { Crowd } from './crowd.js'
import { startDev, type Dev } from './dev.js'
import { nginx as installedNginx } from './installed.js'
import { startNginx, type Behind, type Nginx } from './nginx.js'
import { Pair } from './pair.js'
import { Parts } from './parts.js'
import { startProfile, type Profile } from './profile.js'
import { startSite, type Site } from './site.js'
import { PATIENCE_MS } from './until.js'

export interface People {
  /** One Chromium for all stories. */
  browser: Browser
  /** A browser profile of the story's own: tabs in it know of each other. */
  context: BrowserContext
  /** Starts a Chromium with a profile folder of its own, whose tabs go out of sight. */
  profile: (preferences?: object) => Promise<BrowserContext>
  /** Everything in one process. */
  dev: Dev
  /** The bare page, with the api of `dev`. */
  site: Site
  /** Every part a process of its own. */
  parts: Parts
  /** The bare page, with the api of `parts`. */
  partsSite: Site
  /** Three gateways with 300 clients, which stories share. */
  crowd: Crowd
  /** Two gateways of `dev`'s register, which can be killed and started again. */
  pair: Pair
  /** Starts nginx. */
  nginxBefore: (behind: Behind) => Promise<Nginx>
}

/** A story. Whatever it asks for is started for it, and ended with it, also when it fails. */
export const test = bare.extend<People>({
  browser: [
    async ({}, use) => {
      const browser = await startBrowser()
      await use(browser)
      await browser.close()
    },
    { scope: 'worker' },
  ],
  context: async ({ browser, onTestFailed }, use) => {
    const context = await browser.newContext({ locale: 'en-US' })
    context.setDefaultTimeout(PATIENCE_MS)
    const said: string[] = []
    context.on('console', (message) => said.push(`${message.page()?.url() ?? ''} ${message.type()}: ${message.text()}`))
    context.on('weberror', (error) => said.push(`${error.page()?.url() ?? ''} uncaught: ${error.error().message}`))
    onTestFailed(() => console.log(said.join('\n')))
    await use(context)
    await context.close()
  },
  profile: async ({}, use) => {
    const profiles: Profile[] = []
    await use(async (preferences) => {
      const profile = await startProfile(preferences)
      profiles.push(profile)
      return profile.context
    })
    for (const profile of profiles) await profile.stop()
  },
  dev: async ({}, use) => {
    const dev = await startDev()
    await use(dev)
    await dev.stop()
  },
  site: async ({ dev }, use) => {
    const site = await startSite(() => dev.http)
    await use(site)
    await site.stop()
  },
  parts: async ({}, use) => {
    const parts = await Parts.start()
    await use(parts)
    await parts.stop()
  },
  pair: async ({ dev }, use) => {
    const pair = await Pair.start(dev.register)
    await use(pair)
    await pair.stop()
  },
  nginxBefore: async ({}, use) => {
    const started: Nginx[] = []
    await use(async (behind) => {
      const nginx = await startNginx(installedNginx()!, behind)
      started.push(nginx)
      return nginx
    })
    for (const nginx of started) await nginx.stop()
  },
  crowd: [
    async ({}, use) => {
      const crowd = await Crowd.start()
      await use(crowd)
      await crowd.stop()
    },
    { scope: 'worker' },
  ],
  partsSite: async ({ parts }, use) => {
    const site = await startSite(() => parts.http)
    await use(site)
    await site.stop()
  },
})
