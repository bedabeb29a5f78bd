import { GatepipeClient, type Status } from '@gatepipe/client'
import { hasInjectionContext, inject, shallowRef, type App, type InjectionKey, type ShallowRef } from 'vue'
import { createApi, type Api } from './api.js'
import type { GatepipeOptions } from './options.js'
import { isSignedOut } from './phase.js'

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
  readonly api: Api | undefined
  readonly open: ((link: string) => void) | undefined
  readonly status: Readonly<ShallowRef<Status>>
  /** Somebody needs the socket, until the answer is called. */
  enter(): () => void
  /** The one value of this kind that the application has: made when it is first wanted, so that nobody loads what he does not use. */
  one<T>(create: (shared: Shared) => T): T
}

const KEY: InjectionKey<Shared> = Symbol()
/** Of the application that was installed last: for code outside of components. */
let latest: Shared | undefined

/** Makes the plugin. It connects once a component uses `useWebSocket()`, or with `client.connect()`. */
export function createGatepipe({ request, base = '/api/admin', open, ...options }: GatepipeOptions = {}): Gatepipe {
  const api = request && createApi(request, base)
  /** Of each user, after which notification to catch up while the client knows of none. */
  const first: Record<string, number> = {}
  const client: GatepipeClient = new GatepipeClient({
    ...(api && {
      bind: api.bind,
      async catchUp(afterId, signal) {
        const uid = String(client.status.uid)
        const after_id = afterId ?? first[uid]
        if (after_id !== undefined) return api.list({ after_id, is_read: false, limit: 100 }, signal)
        // What was there when the page came stands in its list, and does not ring.
        first[uid] = (await api.list({ limit: 1 }, signal)).list[0]?.id ?? 0
        return []
      },
    }),
    ...options,
  })
  const status = shallowRef(client.status)
  const made = new Map<unknown, unknown>()
  let users = 0
  let leaving: ReturnType<typeof setTimeout> | undefined

  client.onStatus((now) => {
    status.value = now
  })
  const shared: Shared = {
    client,
    api,
    open,
    status,
    enter() {
      // Another layout of a page that was signed out is no new login.
      if (!users && !(leaving && isSignedOut(status.value.phase))) client.connect()
      clearTimeout(leaving)
      leaving = undefined
      users += 1
      return () => {
        users -= 1
        if (users) return
        leaving = setTimeout(() => {
          leaving = undefined
          client.disconnect()
        }, GRACE_MS)
      }
    },
    one<T>(create: (shared: Shared) => T) {
      if (!made.has(create)) made.set(create, create(shared))
      return made.get(create) as T
    },
    install(app) {
      app.provide(KEY, shared)
      latest = shared
    },
  }
  return shared
}

/** The plugin of the application that is being set up, or else of the one that was installed last. */
export function useShared(): Shared {
  const shared = (hasInjectionContext() && inject(KEY, null)) || latest
  if (!shared) throw new Error('@gatepipe/vue: app.use(createGatepipe({ request })) has to come first')
  return shared
}
