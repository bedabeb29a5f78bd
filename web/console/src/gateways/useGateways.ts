import { shallowRef, watch } from 'vue'
import { usePolling } from '../live/usePolling.js'
import { api } from '../session.js'
import { endedDrains, type Ended } from './drains.js'

const EVERY_MS = 2_000
/** While one drains: a small gateway is empty within a second. */
const DRAINING_EVERY_MS = 500
/** Ended drains that are told at once. */
const MOST = 5

/** The gateways, looked at every two seconds, or more often while one drains, and the drains that ended meanwhile. */
export function useGateways() {
  const polled = usePolling(
    (signal) => api.get('/Gateway/list', undefined, signal),
    (last) => (last?.list.some(({ draining }) => draining) ? DRAINING_EVERY_MS : EVERY_MS),
  )
  // One that was quick is gone before it was seen to drain.
  const ordered = new Set<string>()
  const ended = shallowRef<readonly Ended[]>([])
  watch(polled.value, (now, before) => {
    if (now && before) ended.value = [...endedDrains(before.list, now.list, ordered), ...ended.value].slice(0, MOST)
  })
  return {
    ...polled,
    ended,
    /** This page told it to drain. */
    order: (gateway: string) => void ordered.add(gateway),
    forget: (gateway: string) => {
      ended.value = ended.value.filter((one) => one.gateway !== gateway)
    },
  }
}
