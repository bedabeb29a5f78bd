import { GatepipeClient, type ClientOptions, type Phase, type Status } from '@gatepipe/client'
import { hasInjectionContext, inject, shallowRef, type App, type InjectionKey, type ShallowRef } from 'vue'
import { createApi, type Api } from './api.js'
import { createBell, type Bell } from './bell.js'
import { createInbox, type Inbox } from './inbox.js'
import type { GatepipeOptions } from './options.js'

/** How long the socket outlives its last user, so that going from one layout to another does not reconnect. */
const GRACE_MS = 250

/** The plugin, to be installed by `app.use()`. */
export interface Gatepipe {
  /** The connection itself, for code outside of components: `client.logout()`, `client.on(…)`. */
  readonly client: GatepipeClient
  install(app: App): void
}

/** What the composables of one application share. */
export interface Shared extends Gatepipe {
  readonly status: Readonly<ShallowRef<Status>>
  /** When the next attempt begins, in milliseconds of `performance.now()`, which nobody sets. */
  retryDue(): number
  /** Somebody needs the socket, until the answer is called. */
  enter(): () => void
  inbox(): Inbox
  bell(): Bell
}

const KEY: InjectionKey<Shared> = Symbol('gatepipe')
/** Of the application that was installed last: for code outside of components. */
let latest: Shared | undefined

/** Makes the plugin. It connects once a component uses `useWebSocket()`, or with `client.connect()`. */
export function createGatepipe(options: GatepipeOptions = {}): Gatepipe {
  const { request, base, open, ...own } = options
  const api = request && createApi(request, base)
  const client: GatepipeClient = new GatepipeClient({
    ...(api && { bind: api.bind, catchUp: catchUpWith(api, () => client.status.uid) }),
    ...own,
  })
  const status = shallowRef(client.status)
  let retryDue = 0
  let uid: number | null = null
  let users = 0
  let leaving: ReturnType<typeof setTimeout> | undefined
  let inbox: Inbox | undefined
  let bell: Bell | undefined

  client.onStatus((now, before) => {
    status.value = now
    if (now.retryAt !== before.retryAt) retryDue = performance.now() + (now.retryAt ?? 0) - Date.now()
    // What one user was told is not for the next.
    if (isSignedOut(now.phase) || now.reason === 'logout' || (uid !== null && now.uid !== null && uid !== now.uid)) inbox?.clear()
    uid = now.uid ?? uid
    if (now.phase === 'ready' && before.phase !== 'ready') void inbox?.refresh()
  })

  const shared: Shared = {
    client,
    status,
    retryDue: () => retryDue,
    enter() {
      users += 1
      // Another layout of a page that was signed out is no new login.
      if (users === 1 && !(leaving && isSignedOut(status.value.phase))) client.connect()
      clearTimeout(leaving)
      leaving = undefined
      return () => {
        users -= 1
        if (users) return
        leaving = setTimeout(() => {
          leaving = undefined
          client.disconnect()
          inbox?.clear()
        }, GRACE_MS)
      }
    },
    inbox: () => (inbox ??= createInbox(client, api)),
    bell: () => (bell ??= createBell(client, open)),
    install(app) {
      app.provide(KEY, shared)
      latest = shared
    },
  }
  return shared
}

/** The plugin of the application that is being set up, or else of the one that was installed last. */
export function useShared(): Shared {
  const shared = (hasInjectionContext() && inject(KEY, undefined)) || latest
  if (!shared) throw new Error('@gatepipe/vue: first app.use(createGatepipe({ request }))')
  return shared
}

function isSignedOut(phase: Phase): boolean {
  return phase === 'forced_offline' || phase === 'denied'
}

/** Fetches what was stored after the last id, and on a page that knows of none, what was stored after it came: what is older stands in the list. */
function catchUpWith({ list }: Api, uid: () => number | null): NonNullable<ClientOptions['catchUp']> {
  let whose: number | null = null
  let first: number | null = null
  return async (afterId, signal) => {
    if (whose !== uid()) first = null
    whose = uid()
    const after_id = afterId ?? first
    if (after_id !== null) return list({ after_id, is_read: false, limit: 100 }, signal)
    first = (await list({ limit: 1 }, signal)).list[0]?.id ?? 0
    return []
  }
}
