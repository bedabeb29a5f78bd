import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until `holds()`, and says what it waited for when that takes too long. */
export async function until(what, holds, patienceMs = 60_000) {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not happen within ${patienceMs / 1000} s: ${typeof what === 'function' ? what() : what}`)
    await sleep(50)
  }
}

export function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise)
}
