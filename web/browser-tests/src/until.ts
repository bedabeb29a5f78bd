/** How long anything may take that is waited for, on a machine that does much else. */
export const PATIENCE_MS = 30_000

const PAUSE_MS = 20

/** Waits until `look` answers something else than `false` or `undefined`, and answers it. Fails after `PATIENCE_MS` and says how it looked then. */
export async function until<T>(what: string, look: () => T | Promise<T>, seen?: () => unknown): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const found = await look()
    if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>
    if (performance.now() > deadline) throw new Error(`never: ${what}${seen ? `; at last: ${JSON.stringify(await seen())}` : ''}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

/** Waits for `promise`, at most `PATIENCE_MS`. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never: ${what}`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
