import { computed, ref } from 'vue'
import { usePolling } from './usePolling.js'

interface Page {
  next_cursor?: string | null
}

/** One page of a list at a time, forwards by the api's cursors and back by those of before. Nothing loads all of it. */
export function usePages<T extends Page>(ask: (cursor: string | undefined, signal: AbortSignal) => Promise<T>) {
  /** The cursors of the pages so far; the first has none. */
  const cursors = ref<(string | undefined)[]>([undefined])
  const polled = usePolling((signal) => ask(cursors.value.at(-1), signal))
  const next = computed(() => polled.value.value?.next_cursor ?? null)

  function go(to: (string | undefined)[]): Promise<void> {
    cursors.value = to
    return polled.refresh()
  }

  return {
    ...polled,
    /** From 1. */
    page: computed(() => cursors.value.length),
    hasNext: computed(() => next.value !== null),
    hasPrevious: computed(() => cursors.value.length > 1),
    forward: () => go([...cursors.value, next.value ?? undefined]),
    back: () => go(cursors.value.slice(0, -1)),
    first: () => go([undefined]),
  }
}
