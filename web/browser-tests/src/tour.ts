import type { Page } from 'playwright-core'
import { notify } from './cluster.js'
import type { Crowd } from './crowd.js'
import { until } from './until.js'

/** One look at the console, found in any language. */
export interface Stop {
  name: string
  at: string
  /** What has to happen first, while the screen is there. */
  stir?: (page: Page) => Promise<void>
  /** What is there when all of it is. */
  ready: string
  /** What is done then. */
  act?: (page: Page) => Promise<void>
  /** It has no colours that others do not have. */
  plain?: true
}

const ROWS = 'main .table tbody tr'

/** Every screen of the console, and what opens from it. */
export function tour({ admin, users, members }: Crowd): Stop[] {
  const member = members[0]!
  // Only what happens while somebody looks is told.
  const push = async (page: Page) => {
    await page.locator('main .head .el-tag--success').waitFor()
    await admin.post('/WebSocket/pushToUser', { uid: users.alice.id, type: 'refresh', data: {} })
  }
  return [
    { name: 'overview', at: '/overview', ready: 'figure:nth-of-type(6) canvas' },
    { name: 'gateways', at: '/gateways', ready: `${ROWS}:nth-child(3)` },
    { name: 'clients', at: '/clients', ready: `${ROWS}:nth-child(50)` },
    { name: 'clients-none', at: '/clients?group=nobody', ready: '.el-empty', plain: true },
    { name: 'client', at: `/clients?uid=${users.carol.id}&client=${member.clientId}`, ready: '.el-drawer .facts' },
    { name: 'people', at: '/users', ready: 'main form', plain: true },
    { name: 'person', at: `/users/${users.alice.id}`, ready: `${ROWS}:nth-child(20)` },
    { name: 'person-notify', at: `/users/${users.bob.id}`, ready: `${ROWS}:nth-child(20)`, act: (page) => page.getByRole('tab').nth(1).click(), plain: true },
    { name: 'person-none', at: '/users/999999', ready: '.person .card', plain: true },
    { name: 'groups', at: '/groups', ready: `${ROWS}:nth-child(2)`, plain: true },
    { name: 'group', at: '/groups?group=lobby', ready: '.el-drawer .table tbody tr:nth-child(20)' },
    { name: 'send', at: `/send?to=user&target=${users.alice.id}`, ready: '.guess:not(:empty)' },
    { name: 'send-everyone', at: '/send?to=everyone', ready: '.guess:not(:empty)', act: ask },
    { name: 'notifications', at: '/notifications', ready: 'main .list li' },
    { name: 'notifications-everybody', at: '/notifications?of=everybody', ready: '#pane-everybody .table tbody tr' },
    { name: 'events', at: '/events', stir: push, ready: 'main li[data-type=pushed]' },
    { name: 'accounts', at: '/accounts', ready: `${ROWS}:nth-child(4)` },
    { name: 'account', at: `/accounts?user=${users.bob.id}`, ready: '.el-drawer form' },
    { name: 'roles', at: '/accounts?tab=roles', ready: '#pane-roles .table tbody tr', plain: true },
    { name: 'audit', at: '/audit', ready: `${ROWS}:nth-child(5)` },
    { name: 'settings', at: '/settings', ready: `${ROWS}:nth-child(20)` },
    { name: 'not-found', at: '/nowhere', ready: 'main a', plain: true },
  ]
}

/** The question before something goes to many. */
async function ask(page: Page): Promise<void> {
  await page.locator('main form button[type=submit]').click()
  await page.locator('.el-message-box').waitFor()
}

/** Goes to a stop, from wherever the page was. */
export async function goTo(page: Page, http: string, { at, stir, ready, act }: Stop): Promise<void> {
  // Anew: nothing stays open of the screen before.
  await page.goto('about:blank')
  await page.goto(`${http}/console/#${at}`)
  await stir?.(page)
  await page.locator(ready).first().waitFor()
  await act?.(page)
}

/** Something to be seen on every screen. */
export async function furnish(crowd: Crowd): Promise<void> {
  const { admin, users } = crowd
  const roles = await admin.get<{ list: { name: string }[] }>('/Role/list')
  if (!roles.list.some(({ name }) => name === 'operator')) {
    await admin.post('/Role/create', { name: 'operator', permissions: ['websocket.inspect', 'websocket.push_any', 'audit.view'] })
    await admin.post('/User/giveRole', { id: users.bob.id, role: 'operator' })
    await admin.post('/User/grant', { id: users.bob.id, permission: 'notification.send' })
  }
  for (const [number, notification_type] of ['info', 'success', 'warning', 'error'].entries()) {
    const title = ['Your report is ready', '导出已完成', 'The disk is almost full', 'The export failed'][number]!
    await notify(crowd, 'admin', { title, content: 'One line of content.\nAnd another one.', notification_type, level: number % 2 ? 'normal' : 'urgent' })
  }
  for (const { id } of [users.alice, users.bob]) await admin.post('/WebSocket/pushToUser', { uid: id, type: 'refresh', data: {} })
  await until('the audit tells of it', async () => (await admin.get<{ list: object[] }>('/Audit/list?action=websocket.push')).list.length > 0)
}
