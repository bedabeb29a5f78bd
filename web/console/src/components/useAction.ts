import { errorText } from '@gatepipe/pages-kit/errors'
import { ref, shallowRef } from 'vue'
import type { Failed } from '../api/api.js'
import { t } from '../texts/texts.js'

/** What became of something that was done. */
export interface Outcome {
  type: 'success' | 'warning' | 'error'
  text: string
  /** What there is to add, such as gateways that could not be asked. */
  more: string
}

/** Does one thing at a time, and tells what became of it. */
export function useAction() {
  const busy = ref(false)
  const outcome = shallowRef<Outcome | null>(null)

  /** Whether it was done. */
  async function run(work: () => Promise<Outcome>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    outcome.value = null
    try {
      outcome.value = await work()
      return true
    } catch (error) {
      outcome.value = { type: 'error', text: t('action.failed', { error: errorText(error) }), more: '' }
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, outcome, run }
}

/** Done, in these words. */
export function done(text: string, failed: readonly Failed[] = [], more = ''): Outcome {
  if (!failed.length) return { type: 'success', text, more }
  const names = failed.map(({ gateway, reason }) => `${gateway ?? t('failed.unknown')} (${reason})`).join(', ')
  return { type: 'warning', text, more: t('action.gateways', { names }) }
}
