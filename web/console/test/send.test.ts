import { describe, expect, it } from 'vitest'
import { isLink, readIds } from '../src/notifications/draft.js'
import { asCli, asCurl, asRust, bodyOf, quoted } from '../src/send/commands.js'
import { prettyJson, readTarget, TEMPLATES, wrongJson, wrongType, type Target } from '../src/send/message.js'

const CLIENT = '3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5'

describe('a target', () => {
  it('is read from what was typed, or is none', () => {
    expect(readTarget('user', ' 1001 ')).toEqual({ kind: 'user', uid: 1001 })
    for (const wrong of ['', '0', '-1', '1.5', 'alice', '9007199254740993']) expect(readTarget('user', wrong), wrong).toBeNull()
    expect(readTarget('client', CLIENT)).toEqual({ kind: 'client', client: CLIENT })
    expect(readTarget('client', CLIENT.toUpperCase())).toBeNull()
    expect(readTarget('group', '华'.repeat(85))).not.toBeNull()
    expect(readTarget('group', '华'.repeat(86))).toBeNull()
    expect(readTarget('everyone', '')).toEqual({ kind: 'everyone' })
  })
})

describe('a message', () => {
  it('has a type that is free, and data that is JSON', () => {
    expect(wrongType(' ')).toBe('missing')
    expect(wrongType('ping')).toBe('reserved')
    expect(wrongType('notification')).toBeNull()
    expect(wrongJson('"text"')).toBeNull()
    expect(wrongJson('text')).toBeTruthy()
    expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}')
    expect(prettyJson('{')).toBe('{')
    for (const { type } of Object.values(TEMPLATES)) expect(wrongType(type)).toBeNull()
  })

  it('is sent as it was written, larger numbers than a page can hold too', () => {
    const body = bodyOf({ kind: 'user', uid: 7 }, { type: 'order', data: ' {"id":12345678901234567890} ' })
    expect(body).toBe('{"uid":7,"type":"order","data":{"id":12345678901234567890}}')
  })
})

describe('the same as a command', () => {
  const message = { type: 'note', data: '{"text":"it\'s $HOME"}' }

  it('is quoted so that a shell takes it literally', () => {
    expect(quoted('plain-1.5')).toBe('plain-1.5')
    expect(quoted("it's $HOME")).toBe("'it'\\''s $HOME'")
    expect(quoted('')).toBe("''")
  })

  it('goes to whom it is for', () => {
    const targets: [Target, string, string, string][] = [
      [{ kind: 'client', client: CLIENT }, '/Client/push', `gatepipe push --client ${CLIENT} `, `send_to_client("${CLIENT}".parse()?`],
      [{ kind: 'user', uid: 7 }, '/WebSocket/pushToUser', 'gatepipe push 7 ', 'send_to_uid(&Uid::from(7)'],
      [{ kind: 'group', group: 'a b' }, '/Group/push', "gatepipe push --group 'a b' ", 'send_to_group(&r#"a b"#.parse()?'],
      [{ kind: 'everyone' }, '/WebSocket/broadcast', 'gatepipe broadcast ', 'send_to_all(message'],
    ]
    for (const [target, path, cli, rust] of targets) {
      expect(asCurl(target, message, 'http://127.0.0.1:8787')).toContain(`http://127.0.0.1:8787/api/admin${path}`)
      expect(asCli(target, message)).toContain(cli)
      expect(asRust(target, message)).toContain(rust)
    }
  })

  it('has as many signs around a raw string as it takes', () => {
    expect(asRust({ kind: 'everyone' }, { type: 'a', data: '"x\\"#"' })).toContain('r##"{"type":"a","data":"x\\"#"}"##')
  })
})

describe('a notification', () => {
  it('has ids with commas, spaces or lines between them, each once', () => {
    expect(readIds('2, 3，4\n2')).toEqual([2, 3, 4])
    for (const wrong of ['', ' ', '2,x', '0', '1.5']) expect(readIds(wrong), wrong).toBeNull()
  })

  it('leads to http or to a path, or nowhere', () => {
    for (const right of ['', '/orders', 'https://example.com']) expect(isLink(right), right).toBe(true)
    for (const wrong of ['//example.com', 'javascript:alert(1)', 'orders']) expect(isLink(wrong), wrong).toBe(false)
  })
})
