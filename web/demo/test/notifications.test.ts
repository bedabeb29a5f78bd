import { describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { linkTarget } from '../src/notifications/link.js'
import { noticeOf } from '../src/notifications/notice.js'

const page = { render: () => null }
const router = createRouter({
  history: createMemoryHistory(),
  routes: [
    { path: '/login', name: 'login', component: page },
    { path: '/devTools/exportTask', name: 'exports', component: page },
    { path: '/:rest(.*)*', name: 'not-found', component: page },
  ],
})

const full = { id: 7, title: 'Export', content: 'done', level: 'urgent', notification_type: 'success', link: '/a', created_at: '', created_at_ms: 0 }

describe('a toast', () => {
  it('says what the notification says', () => {
    expect(noticeOf({ type: 'notification', data: full })).toEqual({
      id: 7,
      title: 'Export',
      content: 'done',
      kind: 'success',
      urgent: true,
      link: '/a',
    })
  })

  it('is shown for what was missed only when that is urgent', () => {
    expect(noticeOf({ type: 'notification', data: full, recovered: true })).not.toBeNull()
    expect(noticeOf({ type: 'notification', data: { ...full, level: 'normal' }, recovered: true })).toBeNull()
    expect(noticeOf({ type: 'notification', data: { ...full, level: 'normal' } })).not.toBeNull()
  })

  it('bears whatever was pushed', () => {
    const blank = { id: null, title: '', content: '', kind: 'info', urgent: false, link: '' }
    for (const data of [[], null, undefined, {}, { title: {}, link: [], notification_type: 'constructor' }]) {
      expect(noticeOf({ type: 'notification', data })).toEqual(blank)
    }
    expect(noticeOf({ type: 'notification', data: 'deploy at 18:00' })).toEqual({ ...blank, content: 'deploy at 18:00' })
  })

  it('is short, however long the text is', () => {
    expect(noticeOf({ type: 'notification', data: { title: 'x'.repeat(1_000_000) } })?.title).toHaveLength(281)
  })
})

describe('a link', () => {
  it('leads to a page of ours when we have it', () => {
    expect(linkTarget('/devTools/exportTask', router)).toMatchObject({ kind: 'page', path: '/devTools/exportTask' })
    expect(linkTarget('/reports/7', router)).toEqual({ kind: 'elsewhere', href: '/reports/7' })
    expect(linkTarget('/login', router)).toEqual({ kind: 'elsewhere', href: '/login' })
    expect(linkTarget('https://example.com/a', router)).toEqual({ kind: 'elsewhere', href: 'https://example.com/a' })
  })

  it('leads nowhere when it is not safe', () => {
    for (const link of ['', 'javascript:alert(1)', ' javascript:alert(1)', '//evil.example', '/\\evil.example', 'data:text/html,x', null, 7]) {
      expect(linkTarget(link, router), String(link)).toBeNull()
    }
  })
})
