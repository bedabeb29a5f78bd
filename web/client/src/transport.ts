import type { ClientOptions } from './types.js'

/** What a socket tells. Nothing is told any more after `close()`, whatever the browser still says about it. */
export interface SocketEvents {
  open(): void
  message(data: unknown): void
  /** It ended, or was never made. 1006 when nobody said why. */
  close(code: number, reason: string): void
}

export interface Socket {
  /** Whether the socket took it. */
  send(text: string): boolean
  /** Ends it, and stops listening to it. */
  close(): void
}

/** Opens a socket. Never throws: an address that is wrong ends it as a connection that failed does. */
export function openSocket(url: ClientOptions['url'], WebSocket: new (url: string) => WebSocket, events: SocketEvents): Socket {
  let socket: WebSocket | undefined
  let current = true
  const end = (code: number, reason: string) => {
    if (!current) return
    current = false
    events.close(code, reason)
  }
  const open = async () => {
    const address = absolute(typeof url === 'function' ? await url() : url)
    if (!current) return
    socket = new WebSocket(address)
    socket.onopen = () => current && events.open()
    socket.onmessage = ({ data }) => current && events.message(data)
    // An error is always followed by a close, which knows more.
    socket.onclose = ({ code, reason }) => end(code, reason)
  }
  open().catch((error: unknown) => end(1006, String(error)))
  return {
    send(text) {
      if (!current || socket?.readyState !== 1) return false
      socket.send(text)
      return true
    },
    close() {
      current = false
      socket?.close(1000)
    },
  }
}

/** `/ws`, or any path, becomes an address of this origin. */
function absolute(url = ''): string {
  if (/^wss?:/.test(url)) return url
  return new URL(url || '/ws', location.href).href.replace('http', 'ws')
}
