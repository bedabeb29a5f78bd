import type { PermissionView, RoleView } from '../api/api.js'
import { en, type TextKey } from '../texts/en.js'
import { t } from '../texts/texts.js'
import { obstacleToAll, type Me, type Obstacle } from './access.js'

/** What a permission allows: as this page says it, and for one that is new as the api does. */
export function aboutText({ name, about }: PermissionView): string {
  const key = `permission.${name}`
  return isText(key) ? t(key) : about
}

function isText(key: string): key is TextKey {
  return Object.hasOwn(en, key)
}

/** The name of a role to choose, and why one cannot give it. */
export function roleText({ name, permissions }: RoleView, me: Me): string {
  const obstacle = obstacleToAll(permissions, me)
  return obstacle?.why === 'more' ? t('account.roleMore', { name, permissions: obstacle.permissions.join(', ') }) : name
}

/** Why something cannot be changed. */
export function obstacleText(obstacle: Obstacle): string {
  return obstacle.why === 'self' ? t('account.obstacle.self') : t('account.obstacle.more', { permissions: obstacle.permissions.join(', ') })
}
