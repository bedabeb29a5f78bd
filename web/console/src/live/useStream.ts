import { RequestError } from '@gatepipe/pages-kit/request'
import { BASE } from '@gatepipe/pages-kit/session'
import { onBeforeUnmount, onMounted, readonly, ref, shallowRef, type Ref } from 'vue'
import { session } from '../session.js'
import { createEventReader, type StreamEvent } from './eventStream.js'

/** `connecting` at first and again, `live`, `waiting` before the next try, `paused` while the page is hidden. */
export type StreamState = 'connecting' | 'live' | 'waiting' | 'paused'

const AGAIN_MS = 3_000
/** The api sends at least a comment every 10 s. */
const SILENCE_MS = 30_000

export interface Stream {
  readonly state: Readonly<Ref<StreamState>>
  /** Why it is not live; `null` while it is. */
  readonly error: Readonly<Ref<unknown>>
  /** Begins anew, as with other conditions. */
  restart(): void
}

/** Follows a stream of the api while the component is there and the page can be seen, and comes back after every end. */
export function useStream(path: () => string, tell: (event: StreamEvent) => void): Stream {
  const state = ref<StreamState>('connecting')
  const error = shallowRef<unknown>(null)
  let reading: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function read(controller: AbortController): Promise<void> {
    const token = session.login.value?.token
    if (!token) return
    let silence: ReturnType<typeof setTimeout> | undefined
    const heard = () => {
      clearTimeout(silence)
      silence = setTimeout(() => controller.abort(), SILENCE_MS)
    }
    try {
      heard()
      const answer = await fetch(BASE + path(), { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' }, credentials: 'omit', signal: controller.signal })
      if (answer.status === 401) return session.end({ why: 'expired', reason: '' })
      if (!answer.ok || !answer.body) throw await refusal(answer)
      const reader = createEventReader((event) => {
        if (reading === controller) tell(event)
      })
      const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
        if (reading !== controller) return
        state.value = 'live'
        error.value = null
        heard()
        reader(piece.value)
      }
      if (reading === controller) error.value = new RequestError(0, '')
    } catch (cause) {
      if (reading === controller) error.value = cause instanceof RequestError ? cause : new RequestError(0, '')
    } finally {
      clearTimeout(silence)
    }
    if (reading !== controller) return
    state.value = 'waiting'
    timer = setTimeout(restart, AGAIN_MS)
  }

  function stop(): void {
    clearTimeout(timer)
    const controller = reading
    reading = null
    controller?.abort()
  }

  function restart(): void {
    stop()
    if (document.hidden) {
      state.value = 'paused'
      return
    }
    state.value = 'connecting'
    reading = new AbortController()
    void read(reading)
  }

  onMounted(() => {
    document.addEventListener('visibilitychange', restart)
    restart()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', restart)
    stop()
  })
  return { state: readonly(state), error: readonly(error), restart }
}

async function refusal(answer: Response): Promise<RequestError> {
  const envelope = (await answer.json().catch(() => null)) as { msg?: unknown } | null
  return new RequestError(answer.status, typeof envelope?.msg === 'string' ? envelope.msg : '')
}
