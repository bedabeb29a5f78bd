import { computed, ref, shallowRef } from 'vue'
import type { EventView } from '../api/api.js'
import { useStream } from '../live/useStream.js'

/** Events that are kept in the page; the oldest go first. */
export const MOST_EVENTS = 1_000
/** How often the list is drawn anew while events come, in milliseconds. */
const DRAW_MS = 250

/** Which events; empty: all. */
export interface EventFilter {
  types: readonly string[]
  uid: string
  client: string
  gateway: string
}

/** The path of the stream with these conditions. */
export function eventPath({ types, uid, client, gateway }: EventFilter): string {
  const query = new URLSearchParams()
  if (types.length) query.set('type', types.join(','))
  if (uid) query.set('uid', uid)
  if (client) query.set('client_id', client)
  if (gateway) query.set('gateway_id', gateway)
  return query.size ? `/Event/stream?${query}` : '/Event/stream'
}

/** What happens right now, newest first. While paused what comes is counted, and kept as far as there is room. */
export function useEvents(filter: () => EventFilter) {
  const shown = shallowRef<readonly EventView[]>([])
  const paused = ref(false)
  const leftOut = ref(0)
  const hears = ref<number | null>(null)
  const waiting = ref(0)
  let coming: EventView[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  function draw(): void {
    timer = undefined
    if (paused.value) {
      waiting.value = coming.length
      return
    }
    shown.value = [...coming.reverse(), ...shown.value].slice(0, MOST_EVENTS)
    coming = []
    waiting.value = 0
  }

  const stream = useStream(
    () => eventPath(filter()),
    ({ event, data }) => {
      if (event === 'history') {
        // After a break it repeats what was told already.
        const last = Math.max(0, ...[...shown.value, ...coming].map(({ at_ms }) => at_ms))
        coming.push(...(JSON.parse(data) as { events: EventView[] }).events.filter(({ at_ms }) => at_ms > last))
      } else if (event === 'event') {
        coming.push(JSON.parse(data) as EventView)
      } else if (event === 'heard') {
        hears.value = (JSON.parse(data) as { gateways: string[] }).gateways.length
      } else if (event === 'sampled') {
        const { left_out, missed } = JSON.parse(data) as { left_out: number; missed: number }
        leftOut.value += left_out + missed
      }
      if (coming.length > MOST_EVENTS) leftOut.value += coming.splice(0, coming.length - MOST_EVENTS).length
      timer ??= setTimeout(draw, DRAW_MS)
    },
  )

  function clear(): void {
    coming = []
    shown.value = []
    waiting.value = 0
    leftOut.value = 0
  }

  return {
    ...stream,
    events: computed(() => shown.value),
    /** How many were not told, as too many came at once. */
    leftOut,
    /** How many gateways' clients one hears of. */
    hears,
    /** How many came while paused. */
    waiting,
    paused,
    pause(now: boolean) {
      paused.value = now
      draw()
    },
    clear,
    /** With other conditions, from the beginning. */
    anew() {
      clear()
      hears.value = null
      stream.restart()
    },
  }
}
