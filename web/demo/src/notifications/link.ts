import { safeLink } from '@gatepipe/client'
import type { Router } from 'vue-router'

/** Where a link of a notification leads: to a page of ours, to another path of this origin, or elsewhere. */
export type Target = { kind: 'page'; href: string; path: string } | { kind: 'elsewhere'; href: string }

/** `null` when there is no link, or none that is safe. A path that this front end knows is a page of ours. */
export function linkTarget(link: unknown, router: Pick<Router, 'resolve'>): Target | null {
  const safe = typeof link === 'string' ? safeLink(link) : ''
  if (!safe) return null
  if (safe.startsWith('/')) {
    const page = router.resolve(safe)
    if (page.name !== 'not-found' && page.name !== 'login' && page.name !== undefined) return { kind: 'page', href: page.href, path: page.fullPath }
  }
  return { kind: 'elsewhere', href: safe }
}
