import { askServer, createTurns } from '@gatepipe/pages-kit/server'
import { createGatepipe } from '@gatepipe/vue'
import { session } from './session.js'

/** What the server tells about itself, asked once. */
export const server = askServer()

/** The operator's own live connection: it tells when the login ends, and brings the operator's notifications. */
export const gatepipe = createGatepipe({
  request: session.request,
  url: createTurns(server),
  identity: () => session.login.value?.user.id ?? null,
})
