import type { GatewayView } from '../api/api.js'
import { number } from '../format.js'
import { risen, type Sample } from '../live/ring.js'
import { t } from '../texts/texts.js'

export interface Warning {
  kind: 'error' | 'warning'
  text: string
}

/** Bytes that wait in the outboxes of one gateway, from which on it is worth a look. */
const MANY_QUEUED_BYTES = 64 * 1_024 * 1_024

/** What an operator should know of, the worst first. */
export function warningsOf(gateways: readonly GatewayView[], registers: number, samples: readonly Sample[]): Warning[] {
  const warnings: Warning[] = []
  const add = (kind: Warning['kind'], text: string) => warnings.push({ kind, text })
  if (!registers) add('error', t('warning.register'))
  if (!gateways.length) add('error', t('warning.noGateway'))
  for (const { address, connected, draining, queued_bytes } of gateways) {
    if (!connected) add('error', t('warning.away', { address }))
    else if (draining) add('warning', t('warning.draining', { address }))
    if ((queued_bytes ?? 0) > MANY_QUEUED_BYTES) add('warning', t('warning.queued', { address }))
  }
  const slow = risen(samples, 'slow_closes')
  if (slow) add('warning', t('warning.slow', { count: number(slow) }))
  const dropped = risen(samples, 'events_dropped')
  if (dropped) add('warning', t('warning.dropped', { count: number(dropped) }))
  const versions = new Set(gateways.map(({ version }) => version).filter((version) => version))
  if (versions.size > 1) add('warning', t('warning.versions', { versions: [...versions].sort().join(', ') }))
  return warnings
}
