import { expect, it } from 'vitest'
import { count, exactTime, fileSize, relativeTime } from '../src/format.js'

it('times are told by what has gone by since', () => {
  const now = Date.UTC(2026, 10, 23, 20, 52)
  const ago = (seconds: number) => relativeTime(now - seconds * 1_000, now, 'en')
  expect(ago(0)).toBeNull()
  expect(ago(59)).toBeNull()
  expect(ago(60)).toBe('1 minute ago')
  expect(ago(3_599)).toBe('59 minutes ago')
  expect(ago(3 * 3_600)).toBe('3 hours ago')
  expect(ago(86_400)).toBe('yesterday')
  expect(ago(400 * 86_400)).toBe('last year')
  expect(relativeTime(now - 180_000, now, 'zh-CN')).toBe('3分钟前')
})

it('a clock that is behind the server makes no time of the future out of now', () => {
  expect(relativeTime(30_000, 0, 'en')).toBeNull()
})

it('exact times have their zone', () => {
  expect(exactTime(Date.UTC(2026, 10, 23, 20, 52), 'en')).toMatch(/2026.*(UTC|GMT|[A-Z]{2,4})/)
})

it('numbers and sizes are readable', () => {
  expect(count(1_048_575, 'en')).toBe('1,048,575')
  expect(fileSize(0, 'en')).toBe('0\u00a0B')
  expect(fileSize(999, 'en')).toBe('999\u00a0B')
  expect(fileSize(34_600, 'en')).toBe('34.6 kB')
  expect(fileSize(28_200_000, 'zh-CN')).toBe('28.2 MB')
  expect(fileSize(5e12, 'en')).toBe('5,000 GB')
})
