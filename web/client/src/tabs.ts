import type { Environment } from './environment.js'
import type { Frame } from './frame.js'
import type { Status } from './types.js'

/** What tabs tell each other. */
export type TabMessage =
  /** A follower asks how things are; the leader answers with `status`. */
  | { is: 'hello' }
  | { is: 'status'; status: Status }
  | { is: 'frame'; frame: Frame }
  /** Somebody came back to a follower. */
  | { is: 'wake' }
  /** Somebody pressed "reconnect" in a follower. */
  | { is: 'retry' }
  | { is: 'send'; text: string }
  | { is: 'logout' }

export interface Tabs {
  tell(message: TabMessage): void
  /** Gives up the place among the tabs: the next one may lead. */
  leave(): void
}

export interface TabEvents {
  /** This tab has the socket from now on; until then another one has it. */
  lead(): void
  /** Tabs cannot agree here. */
  alone(): void
  hear(message: TabMessage): void
}

/** Takes a place among the tabs of one name: whoever has the lock leads, the others wait for it. */
export function joinTabs(name: string, { locks, BroadcastChannel }: Environment, events: TabEvents): Tabs {
  const place = new AbortController()
  const { signal } = place
  let release: (() => void) | undefined
  const channel = openChannel(name, BroadcastChannel)
  if (channel) channel.onmessage = ({ data }) => !signal.aborted && events.hear(data as TabMessage)
  const compete = async () => {
    await (channel && locks)!.request(
      name,
      { signal },
      () =>
        new Promise<void>((resolve) => {
          release = resolve
          if (signal.aborted) resolve()
          else events.lead()
        }),
    )
  }
  // Locks are missing on insecure origins, and refused in sandboxed frames and where storage is forbidden.
  compete().catch(() => !signal.aborted && events.alone())
  return {
    tell(message) {
      channel?.postMessage(message)
    },
    leave() {
      place.abort()
      release?.()
      channel?.close()
    },
  }
}

/** Tells every tab of this name that the user has logged out. */
export function tellLogout(name: string, { BroadcastChannel }: Environment): void {
  const channel = openChannel(name, BroadcastChannel)
  channel?.postMessage({ is: 'logout' } satisfies TabMessage)
  channel?.close()
}

/** Nothing where storage is forbidden, and with it everything that tabs share. */
function openChannel(name: string, BroadcastChannel: Environment['BroadcastChannel']): BroadcastChannel | undefined {
  try {
    return BroadcastChannel && new BroadcastChannel(name)
  } catch {
    return undefined
  }
}
