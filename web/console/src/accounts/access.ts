import type { AccountView, RoleView } from '../api/api.js'

/** Somebody who wants to change something. */
export interface Me {
  id: number
  permissions: readonly string[]
}

/** Why somebody may not change a user or a role: it is oneself, or it may do what one may not. */
export type Obstacle = { why: 'self' } | { why: 'more'; permissions: string[] }

/** What the api would refuse in any case; `null`: it decides when asked, because the page does not know who answers to whom. */
export function obstacleTo(user: Pick<AccountView, 'id' | 'permissions'>, me: Me): Obstacle | null {
  return user.id === me.id ? { why: 'self' } : obstacleToAll(user.permissions, me)
}

/** Nobody gives, takes or touches what they do not have. */
export function obstacleToAll(permissions: readonly string[], me: Me): Obstacle | null {
  const more = permissions.filter((permission) => !me.permissions.includes(permission))
  return more.length ? { why: 'more', permissions: more } : null
}

/** A permission of a user, and where it comes from. */
export interface Source {
  permission: string
  own: boolean
  roles: string[]
}

/** Where everything comes from that a user may do. */
export function sourcesOf({ permissions, own_permissions, roles }: Pick<AccountView, 'permissions' | 'own_permissions' | 'roles'>, all: readonly RoleView[]): Source[] {
  const carried = all.filter(({ name }) => roles.includes(name))
  return permissions.map((permission) => ({
    permission,
    own: own_permissions.includes(permission),
    roles: carried.filter((role) => role.permissions.includes(permission)).map(({ name }) => name),
  }))
}
