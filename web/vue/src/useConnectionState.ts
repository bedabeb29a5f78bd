import type { Phase } from '@gatepipe/client'
import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { useShared } from './gatepipe.js'
import { atEnd } from './scope.js'
import { textOf } from './text.js'

export interface ConnectionState {
  readonly phase: ComputedRef<Phase>
  /** Whole seconds until the next attempt, counting down; 0 when none is waited for. */
  readonly seconds: Readonly<ShallowRef<number>>
  /** Why the last connection ended, as the server or the browser said it. */
  readonly reason: ComputedRef<string>
  /** What to tell the user: Chinese for `zh`, `zh-CN` and so on, else English. */
  text(locale: string): string
  /** Tries now instead of waiting: for a button. */
  retryNow(): void
}

/** The connection in words that people can read. */
export function useConnectionState(): ConnectionState {
  const { client, status, retryDue } = useShared()
  const seconds = shallowRef(0)
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  const tick = () => {
    seconds.value = Math.max(Math.ceil((retryDue() - performance.now()) / 1_000), 1)
  }
  watch(
    status,
    ({ phase }) => {
      stop()
      if (phase !== 'waiting') seconds.value = 0
      else {
        tick()
        timer = setInterval(tick, 1_000)
      }
    },
    { immediate: true, flush: 'sync' },
  )
  atEnd(stop)
  const phase = computed(() => status.value.phase)
  const reason = computed(() => status.value.reason)
  return { phase, seconds, reason, text: (locale) => textOf(locale, phase.value, seconds.value, reason.value), retryNow: () => client.retryNow() }
}
