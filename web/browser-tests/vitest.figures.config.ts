import { mergeConfig } from 'vitest/config'
import stories from './vitest.config.js'

const config = mergeConfig(stories, { test: { testTimeout: 600_000 } })
config.test.include = ['figures/**/*.figure.ts']
export default config
