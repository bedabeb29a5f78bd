import { defineConfig } from 'vitest/config'
import { missing, nginx } from './src/installed.js'

const lacks = missing() ?? (nginx() ? undefined : 'nginx is not installed: apt-get install nginx')
if (lacks && process.env.GATEPIPE_TEST_ALL) {
  console.error(`browser tests: ${lacks}, and GATEPIPE_TEST_ALL allows no gaps`)
  process.exit(1)
}
if (lacks) console.log(`skipped: browser tests${missing() ? '' : ' through nginx'} (${lacks})`)
if (missing()) process.exit(0)

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A story is a browser and up to five programs: one at a time is faster than two that wait for each other.
    fileParallelism: false,
    // All in one process, so that there is one Chromium for all of them; what they have in common is not changed by any.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
