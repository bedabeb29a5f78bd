import fc from 'fast-check'
import { expect, test } from 'vitest'
import { delay, RETRY } from '../src/backoff.js'

const series = (random: number) => Array.from({ length: 10 }, (_, attempt) => delay(RETRY, 'backoff', attempt, null, random))

test('waits double inside the ceiling', () => {
  expect(series(0)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 29_000, 29_000, 29_000, 29_000, 29_000])
  expect(series(1)).toEqual([2_000, 3_000, 5_000, 9_000, 17_000, 30_000, 30_000, 30_000, 30_000, 30_000])
})

test('whatever the numbers, a wait stays inside the ceiling, grows, and is spread by the whole jitter', () => {
  const retry = fc.record({
    limit: fc.nat(100),
    baseMs: fc.integer({ min: 1, max: 60_000 }),
    capMs: fc.integer({ min: 0, max: 600_000 }),
    jitterMs: fc.integer({ min: 0, max: 60_000 }),
  })
  const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
  fc.assert(
    fc.property(retry, fc.nat(5_000), random, (retry, attempt, random) => {
      const wait = delay(retry, 'backoff', attempt, null, random)
      expect(wait).toBeGreaterThanOrEqual(0)
      expect(wait).toBeLessThanOrEqual(retry.capMs)
      expect(delay(retry, 'backoff', attempt + 1, null, random)).toBeGreaterThanOrEqual(wait)
      const width = delay(retry, 'backoff', attempt, null, 1) - delay(retry, 'backoff', attempt, null, 0)
      expect(width).toBeCloseTo(Math.min(retry.jitterMs, retry.capMs), 3)
    }),
  )
})

test('a hint spreads the return over its whole width, but not without end', () => {
  expect(delay(RETRY, 'spread', 5, 2_500, 0)).toBe(0)
  expect(delay(RETRY, 'spread', 5, 2_500, 1)).toBe(2_500)
  expect(delay(RETRY, 'spread', 5, Infinity, 1)).toBe(300_000)
  expect(delay(RETRY, 'spread', 0, null, 0)).toBe(1_000)
  expect(delay(RETRY, 'backoff', 0, 60_000, 0.5)).toBe(30_000)
  expect(delay(RETRY, 'soon', 0, 60_000, 0.5)).toBe(500)
})

test('soon is within the jitter', () => {
  expect(delay(RETRY, 'soon', 9, null, 0)).toBe(0)
  expect(delay(RETRY, 'soon', 9, null, 1)).toBe(1_000)
})
