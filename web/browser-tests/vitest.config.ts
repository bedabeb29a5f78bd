import { configDefaults, defineConfig } from 'vitest/config'
import { isConsoleBuilt, isDemoBuilt, missing, nginx } from './src/installed.js'
import { LastWords } from './src/last-words.js'

const absent = missing()
const gaps = absent
  ? [`browser tests (${absent})`]
  : [
      ...(isDemoBuilt() ? [] : ['browser tests of the demo (it is not built: make web)']),
      ...(isConsoleBuilt() ? [] : ['browser tests of the console (it is not built: make web)']),
      ...(nginx() ? [] : ['browser tests through nginx (apt-get install nginx)']),
    ]
for (const gap of gaps) {
  if (process.env.GATEPIPE_TEST_ALL) console.error(`GATEPIPE_TEST_ALL allows no gaps: ${gap}`)
  else console.log(`skipped: ${gap}`)
}
if (gaps.length && process.env.GATEPIPE_TEST_ALL) process.exit(1)
if (absent) process.exit(0)

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(isDemoBuilt() ? [] : ['test/demo*']), ...(isConsoleBuilt() ? [] : ['test/console*'])],
    // A story is a browser and up to five programs: one at a time is faster than two that wait for each other.
    fileParallelism: false,
    // All in one process, so that there is one Chromium for all of them; what they have in common is not changed by any.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', new LastWords()],
  },
})
