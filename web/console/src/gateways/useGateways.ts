import { shallowRef, watch } from 'vue'
import { usePolling } from '../live/usePolling.js'
import { api } from '../session.js'
import { endedDrains, type Ended } from './drains.js'

const EVERY_MS = 2_000
/** Ended drains that are told at once. */
const MOST = 5

/** The gateways, looked at every two seconds, and the drains that ended meanwhile. */
export function useGateways() {
  const polled = usePolling((signal) => api.get('/Gateway/list', undefined, signal), EVERY_MS)
  const ended = shallowRef<readonly Ended[]>([])
  watch(polled.value, (now, before) => {
    if (now && before) ended.value = [...endedDrains(before.list, now.list), ...ended.value].slice(0, MOST)
  })
  return {
    ...polled,
    ended,
    forget: (gateway: string) => {
      ended.value = ended.value.filter((one) => one.gateway !== gateway)
    },
  }
}
