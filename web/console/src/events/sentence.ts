import type { EventView } from '../api/api.js'
import { number, shortId } from '../format.js'
import { t, type TextKey } from '../texts/texts.js'

/** The types of events that have a text, in the order in which the filter shows them. */
export const TYPES = [
  'connected',
  'bound',
  'closed',
  'dropped',
  'pushed',
  'notified',
  'forced_offline',
  'client_closed',
  'drain_ordered',
  'gateway_joined',
  'gateway_left',
  'gateway_draining',
  'gateway_lost',
  'gateway_back',
  'register_lost',
  'register_back',
] as const

type Type = (typeof TYPES)[number]

function isKnown(type: string): type is Type {
  return (TYPES as readonly string[]).includes(type)
}

/** What sort of event it is, in words; one that this page does not know by the api's own name. */
export function typeText(type: string): string {
  return isKnown(type) ? t(`event.${type}`) : type
}

/** Whether it is bad news. */
export function isBad(type: string): boolean {
  return type === 'gateway_lost' || type === 'register_lost' || type === 'dropped'
}

/** What there is to say about it, in pieces: who, from where, with what result. */
export function details(event: EventView): string[] {
  const said: string[] = []
  const add = (key: TextKey, values: Record<string, string | number>) => said.push(t(key, values))
  const { address, count, by, code, text, group } = event
  if (event.type === 'bound' && event.uid === undefined) add('event.detail.unbound', { uid: String(event.previous_uid ?? '') })
  else if (event.previous_uid !== undefined && event.previous_uid !== null) add('event.detail.previous', { uid: String(event.previous_uid) })
  if (event.type === 'pushed' && event.uid == null && !event.client_id && !group) said.push(t('event.detail.everybody'))
  if (group) add('event.detail.group', { group })
  if (address) add('event.detail.address', { address })
  else if (event.gateway_id && !event.client_id) add('event.detail.gateway', { gateway: event.gateway_id })
  if (code) add('event.detail.code', { code })
  if (event.inferred) said.push(t('event.detail.inferred'))
  if (text) add(event.type === 'pushed' ? 'event.detail.pushType' : 'event.detail.reason', { text })
  if (count !== undefined && count !== null) add(event.type === 'dropped' ? 'event.detail.dropped' : 'event.detail.count', { count: number(count) })
  if (event.failed?.length) add('event.detail.failed', { names: event.failed.map(({ gateway }) => shortId(gateway ?? t('failed.unknown'))).join(', ') })
  if (by) add('event.detail.by', { by })
  return said
}
