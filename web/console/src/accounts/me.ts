import { session } from '../session.js'
import type { Me } from './access.js'

/** Whoever is logged in. */
export function me(): Me {
  return session.login.value?.user ?? { id: 0, permissions: [] }
}
