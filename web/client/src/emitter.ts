/** Functions that hear of something. One that throws does not keep the others from hearing. */
export interface Emitter<T extends unknown[]> {
  /** Only what has this name, or everything with `null`. The answer takes it off again, once or twice. */
  add(name: string | null, listener: (...args: T) => void): () => void
  emit(name: string, ...args: T): void
}

export function createEmitter<T extends unknown[]>(): Emitter<T> {
  const all = new Set<{ name: string | null; listener: (...args: T) => void }>()
  return {
    add(name, listener) {
      // An entry of its own, so that a function that was added twice is taken off once by each answer.
      const entry = { name, listener }
      all.add(entry)
      return () => {
        all.delete(entry)
      }
    },
    emit(name, ...args) {
      for (const entry of [...all]) {
        // One that another has just taken off does not hear any more.
        if ((entry.name !== null && entry.name !== name) || !all.has(entry)) continue
        try {
          entry.listener(...args)
        } catch (error) {
          // The page's own error reporting should see it, and whoever called us should not.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
  }
}
