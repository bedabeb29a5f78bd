import { locale } from '@gatepipe/pages-kit/preferences'
import { describe, expect, it } from 'vitest'
import { asked as askedUsers, readFilter as readUsers, readId, writeFilter as writeUsers } from '../src/accounts/filter.js'
import { asked as askedAudit, isWrongActor, readFilter as readAudit, writeFilter as writeAudit } from '../src/audit/filter.js'
import { asked, readFilter, writeFilter } from '../src/clients/filter.js'
import { details, typeText, TYPES } from '../src/events/sentence.js'
import { eventPath } from '../src/events/useEvents.js'
import { duration, rate, shortId } from '../src/format.js'
import { drained, endedDrains } from '../src/gateways/drains.js'
import { searchTarget } from '../src/layout/search.js'
import { asked as askedSent, readFilter as readSent, readOpened, writeFilter as writeSent } from '../src/notifications/filter.js'
import { nextPath } from '../src/router.js'
import { matching } from '../src/settings/source.js'

const CLIENT = '3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5'

describe('filters', () => {
  it('of clients go through the address and back', () => {
    const filter = readFilter({ uid: '7', bound: 'true', group: ['a', 'b'], client: CLIENT })
    expect(filter).toEqual({ uid: '7', group: '', gateway_id: '', remote_address: '', bound: 'true' })
    expect(writeFilter({ ...filter, remote_address: ' 10.1. ' })).toEqual({ uid: '7', bound: 'true', remote_address: '10.1.' })
    expect(asked(filter)).toEqual({ uid: '7', bound: true })
    expect(readFilter({ bound: 'maybe' }).bound).toBe('')
  })

  it('of the audit leave out what is empty, and what is no number', () => {
    const nothing = readAudit({})
    expect(askedAudit(nothing)).toEqual({})
    const asked = askedAudit({ ...nothing, actor: 'x', action: 'user, websocket.push', since: '2026-11-23T10:00' })
    expect(asked).toMatchObject({ action: 'user,websocket.push', since_ms: new Date('2026-11-23T10:00').getTime() })
    expect(asked.actor_id).toBeUndefined()
    expect(askedAudit({ ...nothing, actor: ' 7 ' }).actor_id).toBe(7)
    expect(['', ' 7 ', 'x', '0', '1.5', '-1'].map(isWrongActor)).toEqual([false, false, true, true, true, true])
  })

  it('of the audit go through the address and back', () => {
    const query = { actor: '7', action: 'user', target: '3', result: 'refused', since: '2026-11-23T10:00', until: '' }
    expect(writeAudit(readAudit(query))).toEqual({ actor: '7', action: 'user', target: '3', result: 'refused', since: '2026-11-23T10:00' })
    expect(readAudit({ result: 'well', actor: ['1', '2'] })).toEqual(readAudit({}))
  })

  it('of notifications go through the address and back, and leave out what is no id', () => {
    const filter = readSent({ of: 'everybody', user: ' 7 ', title: 'Deploy', push: 'failed', read: 'false', level: 'urgent', kind: 'loud', notification: '7.3' })
    expect(writeSent(filter)).toEqual({ user: '7', title: 'Deploy', push: 'failed', read: 'false', level: 'urgent' })
    expect(askedSent(filter)).toEqual({ user_id: 7, title: 'Deploy', push: 'failed', is_read: false, level: 'urgent' })
    expect(askedSent(readSent({ user: 'alice', read: 'maybe' }))).toEqual({})
    expect(['7.3', '7', '7.3.1', '0.3', 'a.b', ['7.3'], undefined].map(readOpened)).toEqual([{ user: 7, id: 3 }, null, null, null, null, null, null])
  })

  it('of users go through the address and back, and leave out what is no id', () => {
    const filter = readUsers({ username: 'al', manager: ' 2 ', role: 'operator', disabled: 'false', user: '5' })
    expect(writeUsers(filter)).toEqual({ username: 'al', manager: '2', role: 'operator', disabled: 'false' })
    expect(askedUsers(filter)).toEqual({ username: 'al', manager_id: 2, role: 'operator', disabled: false })
    expect(askedUsers(readUsers({ manager: 'alice', disabled: 'maybe' }))).toEqual({})
    expect([' 7 ', '007', '1e3', '', undefined, '9007199254740993'].map(readId)).toEqual([7, null, null, null, null, null])
  })

  it('of events stand in the path of the stream', () => {
    expect(eventPath({ types: [], uid: '', client: '', gateway: '' })).toBe('/Event/stream')
    expect(eventPath({ types: ['bound', 'closed'], uid: 'a b', client: '', gateway: '' })).toBe('/Event/stream?type=bound%2Cclosed&uid=a+b')
  })

  it('of settings look at the name, the value and the help', () => {
    const setting = (name: string, source: string) => ({ name, source, values: ['30s'], help: 'How long', is_secret: false })
    const list = [setting('listen', 'default'), setting('request-timeout', 'flag')]
    expect(matching(list, 'TIMEOUT', false)).toEqual([list[1]])
    expect(matching(list, '', true)).toEqual([list[1]])
    expect(matching(list, '30s', false)).toEqual(list)
  })
})

describe('the search', () => {
  it('leads a client_id, a number and any other uid to where they are found', () => {
    expect(searchTarget(` ${CLIENT} `)).toEqual({ name: 'clients', query: { client: CLIENT } })
    expect(searchTarget('1007')).toEqual({ name: 'people', params: { uid: '1007' } })
    expect(searchTarget('alice')).toEqual({ name: 'clients', query: { uid: 'alice' } })
    expect(searchTarget('007')).toEqual({ name: 'clients', query: { uid: '007' } })
    expect(searchTarget('  ')).toBeNull()
  })

  it('and a login lead to pages of ours only', () => {
    expect(nextPath('/users/7')).toBe('/users/7')
    for (const foreign of ['//example.com', 'https://example.com', '/login', ['/users/7'], null]) expect(nextPath(foreign)).toBe('/')
  })
})

describe('a drain', () => {
  it('goes from nothing to all, and is not known without its beginning', () => {
    const drain = { began_at_ms: 1, clients_at_start: 200 }
    expect(drained({ clients: 200, drain })).toBe(0)
    expect(drained({ clients: 50, drain })).toBe(75)
    expect(drained({ clients: 0, drain })).toBe(100)
    expect(drained({ clients: 210, drain })).toBe(0)
    expect(drained({ clients: 0, drain: { ...drain, clients_at_start: 0 } })).toBe(100)
    expect(drained({ clients: 3, drain: null })).toBeNull()
  })

  it('has ended when a gateway that drained is listed no longer', () => {
    const gateway = (gateway_id: string, draining: boolean) => ({ gateway_id, draining, address: `${gateway_id}:2300`, connected: true, listed: 1 })
    const before = [gateway('a', true), gateway('b', false), gateway('c', true), gateway('d', false)]
    expect(endedDrains(before, [gateway('c', true)], new Set(['d']))).toEqual([
      { gateway: 'a', address: 'a:2300' },
      { gateway: 'd', address: 'd:2300' },
    ])
  })
})

describe('words', () => {
  it('are there for every type of event, and bear one that is new', () => {
    locale.value = 'en'
    for (const type of TYPES) expect(typeText(type)).not.toContain('event.')
    expect(typeText('something_new')).toBe('something_new')
  })

  it('tell what an event is about', () => {
    locale.value = 'en'
    expect(details({ at_ms: 1, type: 'pushed', count: 3, text: 'note', by: 1 })).toEqual(['to everybody', 'type note', 'connections: 3', 'by user 1'])
    expect(details({ at_ms: 1, type: 'bound', client_id: CLIENT, previous_uid: 7 })).toEqual(['unbound from 7'])
  })

  it('are short', () => {
    locale.value = 'en'
    expect(shortId(CLIENT)).toBe('3f2a9c01…a4b5')
    expect(duration(90_061_000)).toBe('1d 1h')
    expect(duration(59_000)).toBe('59s')
    expect(duration(null)).toBe('–')
    expect(rate(0.25)).toBe('0.3')
    expect(rate(1234.4)).toBe('1,234')
  })
})
