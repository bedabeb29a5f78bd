import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createInbox } from '../src/inbox.js'

test('nothing rings twice, and nothing is left out that a catch-up could still bring', () => {
  const ids = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 120 })
  fc.assert(
    fc.property(fc.option(fc.nat(10)), ids, (start, ids) => {
      const inbox = createInbox()
      if (start !== null) inbox.sawUpTo(start)
      const had = new Set<number>()
      for (const id of ids) {
        const fresh = inbox.take(id)
        expect(fresh).toBe(!had.has(id) && id > (start ?? 0))
        if (fresh) had.add(id)
        const mark = inbox.lastId()
        if (start === null) expect(mark).toBeNull()
        else for (let below = start + 1; below <= (mark ?? 0); below += 1) expect(had).toContain(below)
      }
    }),
  )
})

test('what is remembered has a bound, and what is forgotten does not ring again', () => {
  const inbox = createInbox()
  inbox.sawUpTo(10)
  // 11 was stored and not pushed, so the watermark waits before it.
  for (let id = 12; id < 1_000; id += 1) expect(inbox.take(id)).toBe(true)
  expect(inbox.lastId()).toBeGreaterThan(10)
  for (let id = 12; id < 1_000; id += 1) expect(inbox.take(id)).toBe(false)
})

test('a gap keeps the watermark before it until it is closed', () => {
  const inbox = createInbox()
  inbox.sawUpTo(10)
  inbox.take(12)
  expect(inbox.lastId()).toBe(10)
  inbox.take(11)
  expect(inbox.lastId()).toBe(12)
})
