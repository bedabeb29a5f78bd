import { createGatepipe } from '@gatepipe/vue'
import { linkTarget } from './notifications/link.js'
import { router } from './router.js'
import { askServer, createTurns } from '@gatepipe/pages-kit/server'
import { request, session } from './session/session.js'

/** What the server tells about itself, asked once. */
export const server = askServer()

/** The live connection. It connects where the layout uses it, and not on the login page. */
export const gatepipe = createGatepipe({
  request,
  url: createTurns(server),
  identity: () => session.login.value?.user.id ?? null,
  open: (link) => {
    const target = linkTarget(link, router)
    if (target?.kind === 'page') void router.push(target.path)
    else if (target) location.assign(target.href)
  },
})
