import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** Which clients are listed; empty: no matter. */
export interface ClientFilter {
  uid: string
  group: string
  gateway_id: string
  remote_address: string
  bound: '' | 'true' | 'false'
}

const NAMES = ['uid', 'group', 'gateway_id', 'remote_address'] as const

/** What stands in the page's address. */
export function readFilter(query: LocationQuery): ClientFilter {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '')
  const bound = text('bound')
  return { uid: text('uid'), group: text('group'), gateway_id: text('gateway_id'), remote_address: text('remote_address'), bound: bound === 'true' || bound === 'false' ? bound : '' }
}

/** The same for the address: what is empty is left out. */
export function writeFilter(filter: ClientFilter): LocationQueryRaw {
  const query: LocationQueryRaw = {}
  for (const name of NAMES) if (filter[name].trim()) query[name] = filter[name].trim()
  if (filter.bound) query.bound = filter.bound
  return query
}

/** The same for the api. */
export function asked(filter: ClientFilter) {
  const text = (name: (typeof NAMES)[number]) => filter[name].trim() || undefined
  return {
    uid: text('uid'),
    group: text('group'),
    gateway_id: text('gateway_id'),
    remote_address: text('remote_address'),
    bound: filter.bound ? filter.bound === 'true' : undefined,
  }
}
