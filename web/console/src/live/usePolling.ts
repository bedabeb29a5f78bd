import { onBeforeUnmount, onMounted, readonly, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

export interface Polled<T> {
  /** The last good answer; it stays while the server is away. */
  readonly value: Readonly<ShallowRef<T | null>>
  /** When it came, in epoch milliseconds. */
  readonly at: Readonly<Ref<number>>
  /** What went wrong since. */
  readonly error: Readonly<ShallowRef<unknown>>
  readonly busy: Readonly<Ref<boolean>>
  refresh(): Promise<void>
}

/**
 * Asks again `everyMs` after each answer, while the component is there and the page can be seen; 0: only when told to. A function says how
 * long, after each answer.
 */
export function usePolling<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number | ((last: T | null) => number) = 0): Polled<T> {
  const value = shallowRef<T | null>(null)
  const at = ref(0)
  const error = shallowRef<unknown>(null)
  const busy = ref(false)
  let asking: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function refresh(): Promise<void> {
    stop()
    const controller = new AbortController()
    asking = controller
    busy.value = true
    try {
      const answer = await ask(controller.signal)
      if (asking !== controller) return
      value.value = answer
      at.value = Date.now()
      error.value = null
    } catch (cause) {
      if (asking !== controller) return
      error.value = cause
    }
    busy.value = false
    asking = null
    const pauseMs = typeof everyMs === 'function' ? everyMs(value.value) : everyMs
    if (pauseMs && !document.hidden) timer = setTimeout(() => void refresh(), pauseMs)
  }

  function stop(): void {
    clearTimeout(timer)
    const controller = asking
    asking = null
    busy.value = false
    controller?.abort()
  }

  function onVisibility(): void {
    if (!everyMs) return
    if (document.hidden) stop()
    else void refresh()
  }

  onMounted(() => {
    document.addEventListener('visibilitychange', onVisibility)
    void refresh()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', onVisibility)
    stop()
  })
  return { value, at: readonly(at), error, busy: readonly(busy), refresh }
}
