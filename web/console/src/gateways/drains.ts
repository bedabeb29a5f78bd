import type { GatewayView } from '../api/api.js'

/** How far a gateway's drain is, from 0 to 100; `null` when it is not known with how many clients it began. */
export function drained({ clients, drain }: Pick<GatewayView, 'clients' | 'drain'>): number | null {
  if (!drain || clients === null || clients === undefined) return null
  if (!drain.clients_at_start) return 100
  // Clients may have come after it was told to drain and before it heard of it.
  return Math.min(100, Math.max(0, Math.floor(100 - (clients / drain.clients_at_start) * 100)))
}

/** A drain that was watched to its end. */
export interface Ended {
  gateway: string
  address: string
}

/** Which of the gateways that drained at the last look, or were `ordered` to, are on the list no longer. */
export function endedDrains(before: readonly GatewayView[], now: readonly GatewayView[], ordered: ReadonlySet<string>): Ended[] {
  const there = new Set(now.map(({ gateway_id }) => gateway_id))
  return before.filter(({ gateway_id, draining }) => (draining || ordered.has(gateway_id)) && !there.has(gateway_id)).map(({ gateway_id, address }) => ({ gateway: gateway_id, address }))
}
