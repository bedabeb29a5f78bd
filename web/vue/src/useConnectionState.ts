import type { Phase } from '@gatepipe/client'
import { computed, type ComputedRef, type ShallowRef } from 'vue'
import { createCountdown } from './countdown.js'
import { useShared } from './gatepipe.js'
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
  const { client, status, one } = useShared()
  const seconds = one(createCountdown)
  return {
    phase: computed(() => status.value.phase),
    seconds,
    reason: computed(() => status.value.reason),
    text: (locale) => textOf(locale, status.value, seconds.value),
    retryNow: () => client.retryNow(),
  }
}
