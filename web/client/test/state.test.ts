import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IDLE, isEnded, reduce, type StateEvent } from '../src/state.js'
import type { Phase, Status } from '../src/index.js'

const event = fc.oneof(
  fc.constantFrom<StateEvent>({ type: 'attempt' }, { type: 'held' }, { type: 'offline' }, { type: 'online' }, { type: 'init', clientId: 'c' }),
  fc.constantFrom<StateEvent>({ type: 'bound', uid: 1 }, { type: 'role', role: 'leader' }, { type: 'connect' }),
  fc.constantFrom<StateEvent>({ type: 'lost', code: 1006, reason: 'cut', retryAt: 1, limit: 3 }),
  fc.constantFrom<StateEvent>(
    { type: 'ended', phase: 'forced_offline', code: 4001, reason: 'maintenance' },
    { type: 'ended', phase: 'denied', code: 401, reason: '' },
    { type: 'ended', phase: 'closed', code: 1000, reason: '' },
  ),
)

test('whatever happens, the state is one that makes sense', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let status: Status = Object.freeze({ ...IDLE })
      for (const happened of events) {
        const before = status
        status = Object.freeze(reduce(before, happened))
        // Only `connect()` leads on from an end.
        if (isEnded(before.phase) && happened.type !== 'connect') expect(status.phase).toBe(before.phase)
        expect(status.attempt).toBeLessThanOrEqual(3)
        expect(status.retryAt !== null).toBe(status.phase === 'waiting')
        if (status.phase === 'ready') expect(status.uid).toBe(1)
        if (['connecting', 'waiting', 'exhausted', 'denied', 'closed'].includes(status.phase)) expect(status.clientId).toBe('')
        if (status.phase === 'ready' && before.phase !== 'ready') expect(['binding', 'paused']).toContain(before.phase)
      }
    }),
    { numRuns: 500 },
  )
})

test('an event that does not fit gives back the very same value', () => {
  const phases: Phase[] = ['idle', 'closed', 'denied', 'forced_offline', 'waiting', 'exhausted']
  for (const phase of phases) {
    const status: Status = { ...IDLE, phase }
    expect(reduce(status, { type: 'init', clientId: 'late' })).toBe(status)
    expect(reduce(status, { type: 'bound', uid: 1 })).toBe(status)
    expect(reduce(status, { type: 'lost', code: 1006, reason: '', retryAt: 1, limit: 10 })).toBe(status)
  }
})

test('a follower shows what the leader says, under its own role', () => {
  const follower: Status = { ...IDLE, phase: 'connecting', role: 'follower' }
  const said: Status = { ...IDLE, phase: 'ready', role: 'leader', clientId: 'c', uid: 7 }
  const shown = reduce(follower, { type: 'mirror', status: said })
  expect(shown).toEqual({ ...said, role: 'follower' })
  expect(reduce(shown, { type: 'mirror', status: { ...said } })).toBe(shown)
})
