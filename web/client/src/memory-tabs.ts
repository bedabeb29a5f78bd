import type { Environment } from './environment.js'

/** What the tabs of one browser share, in memory: give both to the `environment` of each client. */
export type MemoryTabs = { [K in 'locks' | 'BroadcastChannel']: NonNullable<Environment[K]> }

interface Waiting {
  grant: (lock: Lock | null) => void
}

/** Locks and channels for clients that stand for tabs of one browser. */
export function createMemoryTabs(): MemoryTabs {
  return { locks: memoryLocks(), BroadcastChannel: memoryChannels() }
}

function memoryLocks(): MemoryTabs['locks'] {
  const held = new Map<string, Waiting[]>()

  async function request<T>(name: string, ...rest: [LockGrantedCallback<T>] | [LockOptions, LockGrantedCallback<T>]): Promise<T> {
    const [{ signal, ifAvailable }, callback] = rest.length === 1 ? [{} as LockOptions, rest[0]] : rest
    const lock: Lock = { name, mode: 'exclusive' }
    await Promise.resolve()
    if (signal?.aborted) throw new DOMException('', 'AbortError')
    const line = held.get(name)
    if (line && ifAvailable) return callback(null)
    if (line) {
      await new Promise<void>((resolve, reject) => {
        const waiting = { grant: () => resolve() }
        line.push(waiting)
        signal?.addEventListener('abort', () => {
          const at = line.indexOf(waiting)
          if (at >= 0) line.splice(at, 1)
          reject(new DOMException('', 'AbortError'))
        })
      })
    } else {
      held.set(name, [])
    }
    try {
      return await callback(lock)
    } finally {
      const next = held.get(name)?.shift()
      if (next) next.grant(lock)
      else held.delete(name)
    }
  }
  return { request }
}

function memoryChannels(): MemoryTabs['BroadcastChannel'] {
  const open = new Set<Channel>()

  class Channel {
    onmessage: ((event: { data: unknown }) => void) | null = null
    constructor(readonly name: string) {
      open.add(this)
    }

    postMessage(message: unknown): void {
      if (!open.has(this)) throw new DOMException('', 'InvalidStateError')
      const data: unknown = structuredClone(message)
      for (const other of open) {
        if (other !== this && other.name === this.name) void Promise.resolve().then(() => other.onmessage?.({ data }))
      }
    }

    close(): void {
      open.delete(this)
    }
  }
  // What a client uses of a BroadcastChannel is all there.
  return Channel as unknown as MemoryTabs['BroadcastChannel']
}
