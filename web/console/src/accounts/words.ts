import type { PermissionView } from '../api/api.js'
import { en, type TextKey } from '../texts/en.js'
import { t } from '../texts/texts.js'
import type { Obstacle } from './access.js'

/** What a permission allows: as this page says it, and for one that is new as the api does. */
export function aboutText({ name, about }: PermissionView): string {
  const key = `permission.${name}`
  return isText(key) ? t(key) : about
}

function isText(key: string): key is TextKey {
  return Object.hasOwn(en, key)
}

/** Why something cannot be changed. */
export function obstacleText(obstacle: Obstacle): string {
  return obstacle.why === 'self' ? t('account.obstacle.self') : t('account.obstacle.more', { permissions: obstacle.permissions.join(', ') })
}
