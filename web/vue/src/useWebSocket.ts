import type { Status } from '@gatepipe/client'
import { computed, type ComputedRef, type ShallowRef } from 'vue'
import { useShared } from './gatepipe.js'
import { whileMounted } from './scope.js'

export interface UseWebSocketOptions {
  /** `false`: this component looks and commands, but neither connects nor keeps the socket. Default: `true`. */
  immediate?: boolean
}

export interface WebSocketState {
  /** The socket is there. */
  readonly isConnected: ComputedRef<boolean>
  /** It is bound to the user. */
  readonly isBound: ComputedRef<boolean>
  /** Of the socket; empty before `init`. */
  readonly clientId: ComputedRef<string>
  readonly status: Readonly<ShallowRef<Status>>
  /** Connects for good: the way on after every end, such as a new login. */
  connect(): void
  /** Leaves, whoever else uses the socket. */
  disconnect(): void
  /** The user has logged out: ends all tabs. */
  logout(): void
  /** Tries now instead of waiting: for a button. */
  retryNow(): void
  /** To the workers behind the gateway; `false` when it was not sent. */
  send(message: { type: string; data?: unknown }): boolean
}

/** Keeps the page connected while the component is there: for a layout. The socket closes 250 ms after its last user has gone. */
export function useWebSocket({ immediate = true }: UseWebSocketOptions = {}): WebSocketState {
  const { client, status, enter } = useShared()
  if (immediate) whileMounted(enter)
  return {
    isConnected: computed(() => status.value.phase === 'binding' || status.value.phase === 'ready'),
    isBound: computed(() => status.value.phase === 'ready' && status.value.uid !== null),
    clientId: computed(() => status.value.clientId),
    status,
    connect: () => client.connect(),
    disconnect: () => client.disconnect(),
    logout: () => client.logout(),
    retryNow: () => client.retryNow(),
    send: (message) => client.send({ data: [], ...message }),
  }
}
