import { createCatchUp } from './catch-up.js'
import { createConnection, type Owner } from './connection.js'
import type { Frame } from './frame.js'
import { createHeartbeat, PROBE_MS } from './heartbeat.js'
import type { Inbox } from './inbox.js'
import { isVisible, watchPage } from './page.js'
import { joinTabs, type TabMessage, type Tabs } from './tabs.js'
import type { Role } from './types.js'

/** How long a tab keeps its place after the server ended it for good, so that the others hear of it before one of them takes over. */
const FAREWELL_MS = 1_000

/** Whom a life works for. */
export interface LifeOwner extends Omit<Owner, 'heard'> {
  readonly inbox: Inbox
  /** Under which name tabs share a socket; `null`: they do not. */
  readonly tabsName: string | null
  deliver(frame: Frame): void
  /** Another tab says that the user has logged out. */
  loggedOut(): void
}

/** What goes on between `connect()` and the end: this tab's place among the tabs, its connection if it has one, its catch-up. */
export interface Life {
  start(): void
  /** The owner's state has changed. */
  changed(ready: boolean | null): void
  retry(): void
  send(text: string): boolean
  /** Ends it at once; the next tab may take over. */
  end(): void
  /** Ends it, because the server ended it for all tabs. Answers how to give up the place at once. */
  farewell(): () => void
}

export function createLife(owner: LifeOwner): Life {
  const { options, environment, tabsName, dispatch } = owner
  let alive = true
  let tabs: Tabs | undefined
  /** This tab has a connection of its own. */
  let own = false
  /** The page was put away and gave up its place among the tabs. */
  let frozen = false

  const role = (role: Role) => dispatch({ type: 'role', role })
  const tellStatus = () => tabs?.tell({ is: 'status', status: owner.status() })
  const leads = () => owner.status().role === 'leader'

  const connection = createConnection({
    ...owner,
    heard(frame) {
      if (leads()) tabs?.tell({ is: 'frame', frame })
      owner.deliver(frame)
    },
  })
  const catchUp =
    options.catchUp &&
    createCatchUp(
      options.catchUp,
      owner.inbox,
      owner.retry,
      environment.random,
      (data) => owner.deliver({ type: 'notification', data, recovered: true }),
      (error) => options.log?.('a catch-up failed', error),
    )
  /** From now on this tab has a connection of its own. */
  const take = (as: Role) => {
    if (!alive || frozen) return
    const owned = own
    own = true
    following.stop()
    role(as)
    if (owned) return
    dispatch({ type: 'connect' })
    if (!alive) return
    if (environment.onLine()) connection.retry()
    else connection.offline()
  }
  // A tab that follows asks whether the leading one is still there, and has a socket of its own when nobody answers.
  const following = createHeartbeat(owner.heartbeat, environment.now, () => tabs?.tell({ is: 'hello' }), () => take('solo'))

  const hear = (message: TabMessage) => {
    if (!alive) return
    const { is } = message
    if (is === 'logout') return owner.loggedOut()
    if (leads()) {
      if (is === 'wake') connection.wake()
      if (is === 'retry') connection.retry()
      if (is === 'send') connection.send(message.text)
      if (is === 'hello') {
        connection.beat()
        tellStatus()
      }
    } else if (!own && (is === 'status' || is === 'frame')) {
      following.heard()
      if (is === 'frame') owner.deliver(message.frame)
      else dispatch({ type: 'mirror', status: message.status })
    }
  }
  const join = () => {
    if (tabsName === null) return take('solo')
    tabs = joinTabs(tabsName, environment, { lead: () => take('leader'), alone: () => take('solo'), hear })
    role('follower')
    following.run(isVisible(environment))
    following.probe(owner.heartbeat.timeoutMs)
  }
  const rest = () => {
    connection.stop()
    following.stop()
  }
  /** Somebody came back: to a page that was put away, to one with a connection, or to one that follows. */
  const thaw = (owned: () => void) => {
    if (frozen) {
      frozen = false
      dispatch({ type: 'connect' })
      join()
    } else if (own) {
      owned()
    } else if (tabs) {
      tabs.tell({ is: 'wake' })
      following.probe(PROBE_MS)
    }
  }
  const unwatch = watchPage(environment, {
    wake: () => thaw(connection.wake),
    offline: () => own && connection.offline(),
    sight: (visible) => (own ? connection : following).run(visible),
    freeze() {
      // Another tab should have the socket. A page that shares nothing keeps it.
      if (frozen || owner.status().role === 'solo') return
      frozen = true
      own = false
      tabs?.leave()
      rest()
      role('solo')
      dispatch({ type: 'offline' })
    },
  })
  const stop = () => {
    alive = false
    unwatch()
    rest()
    catchUp?.stop()
  }

  return {
    start: join,
    changed(ready) {
      if (leads()) tellStatus()
      if (ready) catchUp?.start()
      else if (ready === false) catchUp?.stop()
    },
    retry() {
      if (frozen || own) thaw(connection.retry)
      else tabs?.tell({ is: 'retry' })
    },
    send(text) {
      if (own) return connection.send(text)
      tabs?.tell({ is: 'send', text })
      return !!tabs
    },
    end() {
      stop()
      tabs?.leave()
    },
    farewell() {
      stop()
      const leave = () => tabs?.leave()
      if (leads()) setTimeout(leave, FAREWELL_MS)
      else leave()
      return leave
    },
  }
}
