import { Bell, ChatLineSquare, Connection, DataLine, Monitor, Promotion, Search, Setting, Tickets, User, UserFilled } from '@element-plus/icons-vue'
import type { Component } from 'vue'
import { session } from './session.js'
import type { TextKey } from './texts/en.js'

/** One entry of the menu: a screen, and which permissions open it: any of them; none: everybody. */
export interface Screen {
  name: string
  path: string
  title: TextKey
  icon: Component
  needs: readonly string[]
  page: () => Promise<{ default: Component }>
}

const INSPECT = ['websocket.inspect']

/** Every screen there is, in the order of the menu. */
export const screens: readonly Screen[] = [
  { name: 'overview', path: 'overview', title: 'menu.overview', icon: DataLine, needs: INSPECT, page: () => import('./overview/OverviewPage.vue') },
  { name: 'gateways', path: 'gateways', title: 'menu.gateways', icon: Monitor, needs: INSPECT, page: () => import('./gateways/GatewaysPage.vue') },
  { name: 'clients', path: 'clients', title: 'menu.clients', icon: Connection, needs: INSPECT, page: () => import('./clients/ClientsPage.vue') },
  { name: 'people', path: 'users/:uid?', title: 'menu.people', icon: Search, needs: INSPECT, page: () => import('./people/PeoplePage.vue') },
  { name: 'groups', path: 'groups', title: 'menu.groups', icon: User, needs: INSPECT, page: () => import('./groups/GroupsPage.vue') },
  { name: 'send', path: 'send', title: 'menu.send', icon: Promotion, needs: [], page: () => import('./send/SendPage.vue') },
  { name: 'notifications', path: 'notifications', title: 'menu.notifications', icon: Bell, needs: [], page: () => import('./notifications/NotificationsPage.vue') },
  { name: 'events', path: 'events', title: 'menu.events', icon: ChatLineSquare, needs: INSPECT, page: () => import('./events/EventsPage.vue') },
  { name: 'accounts', path: 'accounts', title: 'menu.accounts', icon: UserFilled, needs: ['user.view'], page: () => import('./accounts/AccountsPage.vue') },
  { name: 'audit', path: 'audit', title: 'menu.audit', icon: Tickets, needs: ['audit.view'], page: () => import('./audit/AuditPage.vue') },
  { name: 'settings', path: 'settings', title: 'menu.settings', icon: Setting, needs: ['settings.inspect'], page: () => import('./settings/SettingsPage.vue') },
]

/** Whether whoever is logged in may open it. The api decides again at each request. */
export function mayOpen({ needs }: Screen): boolean {
  return !needs.length || needs.some((permission) => session.may(permission))
}

/** Where a login leads. */
export function home(): string {
  return `/${screens.find(mayOpen)?.path ?? 'send'}`
}
