import { locale } from '@gatepipe/pages-kit/preferences'
import { RequestError } from '@gatepipe/pages-kit/request'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { obstacleTo, obstacleToAll, sourcesOf } from '../src/accounts/access.js'
import { inWords } from '../src/accounts/refusal.js'
import { isName, isPassword } from '../src/accounts/rules.js'
import { aboutText, obstacleText, roleText } from '../src/accounts/words.js'
import { session } from '../src/session.js'

const ana = { id: 1, permissions: ['user.manage', 'websocket.inspect'] }

beforeEach(() => {
  locale.value = 'en'
})

describe('what stands in the way of a change', () => {
  it('is that it is oneself, or somebody who may do more', () => {
    expect(obstacleTo({ id: 2, permissions: ['websocket.inspect'] }, ana)).toBeNull()
    expect(obstacleTo({ id: 1, permissions: [] }, ana)).toEqual({ why: 'self' })
    expect(obstacleTo({ id: 2, permissions: ['audit.view', 'websocket.inspect'] }, ana)).toEqual({ why: 'more', permissions: ['audit.view'] })
    expect(obstacleToAll(['user.manage'], ana)).toBeNull()
  })

  it('is told in words', () => {
    expect(obstacleText({ why: 'more', permissions: ['audit.view', 'role.manage'] })).toContain('audit.view, role.manage')
    expect(obstacleText({ why: 'self' })).toContain('account menu')
    expect(roleText({ name: 'viewer', permissions: ['websocket.inspect'] }, ana)).toBe('viewer')
    expect(roleText({ name: 'auditor', permissions: ['audit.view'] }, ana)).toBe('auditor – you do not have: audit.view')
  })
})

describe('permissions', () => {
  it('come from the user alone, from roles, or from both', () => {
    const roles = [
      { name: 'operator', permissions: ['websocket.inspect', 'websocket.drain'] },
      { name: 'viewer', permissions: ['websocket.inspect'] },
      { name: 'other', permissions: ['websocket.inspect', 'audit.view'] },
    ]
    const user = { permissions: ['audit.view', 'websocket.drain', 'websocket.inspect'], own_permissions: ['audit.view', 'websocket.drain'], roles: ['operator', 'viewer'] }
    expect(sourcesOf(user, roles)).toEqual([
      { permission: 'audit.view', own: true, roles: [] },
      { permission: 'websocket.drain', own: true, roles: ['operator'] },
      { permission: 'websocket.inspect', own: false, roles: ['operator', 'viewer'] },
    ])
  })

  it('are explained in the language of the reader, and by the api when they are new', () => {
    expect(aboutText({ name: 'audit.view', about: 'see who did what' })).toBe('see who did what')
    locale.value = 'zh-CN'
    expect(aboutText({ name: 'audit.view', about: 'see who did what' })).toBe('查看审计')
    expect(aboutText({ name: 'moon.visit', about: 'fly there' })).toBe('fly there')
  })
})

describe('a refusal of the api', () => {
  it('is told in the words of the page, and as the api says it when it is not known', () => {
    const refused = (status: number, name: string, about = '') => new RequestError(status, 'in other words', {}, null, { name, about })
    const taken = refused(409, 'username_taken', 'bob')
    expect(inWords(taken)).toMatchObject({ message: 'The user name bob is taken.' })
    expect(inWords(refused(403, 'user_may_more', 'audit.view'))).toMatchObject({ message: 'This user may do what you may not: audit.view.' })
    expect(inWords(refused(422, 'old_password_wrong'))).toMatchObject({ message: 'The old password is wrong.' })
    locale.value = 'zh-CN'
    expect(inWords(taken)).toMatchObject({ message: '用户名 bob 已被占用。' })
    for (const other of [new RequestError(403, 'because'), refused(403, 'moon_is_full'), refused(403, 'toString'), new RequestError(0, ''), new Error('none of ours')]) expect(inWords(other)).toBe(other)
  })
})

describe('names and passwords', () => {
  it('keep the rules of the api', () => {
    for (const good of ['a', 'alice', '张三', 'o.brien@example.com', 'a'.repeat(64)]) expect(isName(good), good).toBe(true)
    for (const bad of ['', ' ', 'two words', 'tab\t', 'a/b', 'a'.repeat(65)]) expect(isName(bad), bad).toBe(false)
    for (const good of ['12345678', '密码密码密码密码', 'x'.repeat(1_024)]) expect(isPassword(good), good).toBe(true)
    for (const bad of ['', '1234567', 'x'.repeat(1_025)]) expect(isPassword(bad), bad).toBe(false)
  })
})

describe('changing the own password', () => {
  const user = { id: 7, username: 'ana', permissions: [] }
  const answer = (status: number, data: unknown) => new Response(JSON.stringify({ code: status === 200 ? 0 : 1, msg: '', data }), { status })
  const login = (token: string) => answer(200, { token, expires_at_ms: Date.now() + 60_000, user })

  it('goes on with the new token, though requests with the old one are refused meanwhile', async () => {
    let release = () => {}
    const changed = new Promise<void>((resolve) => (release = resolve))
    vi.stubGlobal('fetch', async (url: string) => {
      if (url.endsWith('/Auth/login')) return login('old')
      if (url.endsWith('/Auth/changePassword')) return await changed.then(() => login('new'))
      return answer(401, null)
    })
    await session.start('ana', 'a password')
    const change = session.changePassword('a password', 'another one')
    await expect(session.request.get('/api/admin/Auth/me')).rejects.toThrow()
    expect(session.login.value?.token).toBe('old')
    release()
    await change
    expect(session.login.value?.token).toBe('new')
    await expect(session.request.get('/api/admin/Auth/me')).rejects.toThrow()
    expect(session.login.value).toBeNull()
    vi.unstubAllGlobals()
  })

  it('leaves everything as it is when it is refused', async () => {
    vi.stubGlobal('fetch', (url: string) => Promise.resolve(url.endsWith('/Auth/login') ? login('old') : answer(422, { old_password: 'is wrong' })))
    await session.start('ana', 'a password')
    await expect(session.changePassword('a wrong one', 'another one')).rejects.toMatchObject({ fields: { old_password: 'is wrong' } })
    expect(session.login.value?.token).toBe('old')
    vi.unstubAllGlobals()
  })
})
