import { shallowRef, type ShallowRef } from 'vue'
import { readHistory, readSample, withSample, type Sample } from './ring.js'
import { useStream, type Stream } from './useStream.js'

/** The last 15 minutes, and each second what follows. */
export function useStats(): Stream & { samples: Readonly<ShallowRef<readonly Sample[]>> } {
  const samples = shallowRef<readonly Sample[]>([])
  const stream = useStream(
    () => '/Stats/stream',
    ({ event, data }) => {
      if (event === 'history') samples.value = readHistory(data)
      else if (event === 'sample') samples.value = withSample(samples.value, readSample(data))
    },
  )
  return { ...stream, samples }
}
