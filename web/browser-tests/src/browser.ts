import { chromium, type Browser } from 'playwright-core'
import { chromium as installed } from './installed.js'

/** A name that leads here and that Chromium does not take for safe: no Web Locks, no `crypto.randomUUID`. */
export const INSECURE_HOST = 'admin.test'

export const FLAGS = [
  `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
  '--disable-quic',
  '--disable-component-update',
  '--no-first-run',
]

/** The installed Chromium, without a window. It ends with this process. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: installed()!, args: FLAGS, chromiumSandbox: false })
}
