import { onScopeDispose, readonly, ref, type Ref } from 'vue'

/** Seconds that go by until 0. It goes by the clock: timers of hidden pages come late. */
export function useCountdown(): { seconds: Readonly<Ref<number>>; start: (from: number) => void } {
  const seconds = ref(0)
  let timer: ReturnType<typeof setInterval> | undefined
  let end = 0
  const look = () => {
    seconds.value = Math.max(0, Math.ceil((end - performance.now()) / 1_000))
    if (seconds.value === 0) clearInterval(timer)
  }
  onScopeDispose(() => clearInterval(timer))
  return {
    seconds: readonly(seconds),
    start(from) {
      clearInterval(timer)
      end = performance.now() + from * 1_000
      timer = setInterval(look, 250)
      look()
    },
  }
}
