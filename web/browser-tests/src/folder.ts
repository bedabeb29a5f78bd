import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.js'

/** A new folder for one story. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'gatepipe-browser-'))
}

/** Waits for those who still write into it: Chromium's helpers end after Chromium. */
export async function removeFolder(folder: string): Promise<void> {
  await until(`${folder} is removed`, () => {
    try {
      rmSync(folder, { recursive: true, force: true })
      return true
    } catch {
      return false
    }
  })
}
