import { watch } from 'vue'
import { createRouter, createWebHashHistory } from 'vue-router'
import { home, screens } from './screens.js'
import { session } from './session.js'

declare module 'vue-router' {
  interface RouteMeta {
    /** Shown without a login. */
    open?: true
  }
}

export const router = createRouter({
  // By hash: every address of ours is one file to the server.
  history: createWebHashHistory(),
  routes: [
    { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { open: true } },
    {
      path: '/',
      component: () => import('./layout/AppLayout.vue'),
      children: [
        { path: '', redirect: home },
        ...screens.map(({ name, path, page }) => ({ name, path, component: page })),
        { path: ':rest(.*)*', name: 'not-found', component: () => import('./pages/NotFoundPage.vue') },
      ],
    },
  ],
})

router.beforeEach((to) => {
  const inside = session.login.value !== null
  if (!inside && !to.meta.open) {
    // Where a login leads by itself depends on who logs in.
    const next = to.redirectedFrom?.path === '/' ? '/' : to.fullPath
    return { name: 'login', query: next === '/' ? {} : { next } }
  }
  if (inside && to.name === 'login') return nextPath(to.query.next)
  return true
})

// A login begins and ends in any tab, and ends by any answer of the api.
watch(session.login, (now, before) => {
  const here = router.currentRoute.value
  if (!now && before) {
    const { why } = session.farewell.value ?? {}
    // Whoever left does not want to come back to that page; whoever was interrupted does.
    void router.replace({ name: 'login', query: why === 'left' ? {} : { next: here.fullPath } })
  } else if (now && here.name === 'login') {
    void router.replace(nextPath(here.query.next))
  }
})

/** Only a path of ours: whatever stands in the address is not to be trusted. */
export function nextPath(next: unknown): string {
  return typeof next === 'string' && /^\/(?!\/)/.test(next) && !next.startsWith('/login') ? next : '/'
}
