import { shallowRef, type ShallowRef } from 'vue'
import type { Shared } from './gatepipe.js'

/** Whole seconds until the next attempt; 0 when none is waited for. It ticks only while there is something to count. */
export function createCountdown({ client }: Shared): Readonly<ShallowRef<number>> {
  const seconds = shallowRef(0)
  let timer: ReturnType<typeof setInterval> | undefined
  const look = () => {
    const { phase, retryAt } = client.status
    clearInterval(timer)
    seconds.value = 0
    if (phase !== 'waiting') return
    // By a clock that nobody sets.
    const due = performance.now() + retryAt! - Date.now()
    const tick = () => {
      seconds.value = Math.max(Math.ceil((due - performance.now()) / 1_000), 1)
    }
    timer = setInterval(tick, 1_000)
    tick()
  }
  client.onStatus(look)
  look()
  return seconds
}
