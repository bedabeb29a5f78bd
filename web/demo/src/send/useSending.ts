import { ref, shallowRef } from 'vue'
import { RequestError } from '@gatepipe/pages-kit/request'
import type { Failed } from '../api/types.js'
import { errorText } from '@gatepipe/pages-kit/errors'
import { t } from '../texts/texts.js'

/** What became of a form that was sent. */
export interface Outcome {
  type: 'success' | 'warning' | 'error'
  text: string
  /** Gateways that could not be asked, and other things to add. */
  more: string
}

/** Sends a form once at a time and tells what became of it. Wrong fields are named by the api's own field names. */
export function useSending() {
  const busy = ref(false)
  const outcome = shallowRef<Outcome | null>(null)
  const problems = ref<Record<string, string>>({})

  async function send(work: () => Promise<Outcome>): Promise<void> {
    if (busy.value) return
    busy.value = true
    outcome.value = null
    problems.value = {}
    try {
      outcome.value = await work()
    } catch (error) {
      if (error instanceof RequestError) problems.value = { ...error.fields }
      outcome.value = { type: 'error', text: t('send.failed', { error: errorText(error) }), more: '' }
    } finally {
      busy.value = false
    }
  }

  /** Shows what the form itself found wrong; whether nothing was. */
  function check(found: Record<string, string | null>): boolean {
    problems.value = Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null))
    return !Object.keys(problems.value).length
  }

  return { busy, outcome, problems, send, check }
}

/** Done, with the gateways that could not be asked. */
export function done(text: string, failed: readonly Failed[], reached = 1): Outcome {
  if (failed.length) {
    const names = failed.map(({ gateway, reason }) => `${gateway} (${reason})`).join(', ')
    return { type: 'warning', text, more: t('send.gateways', { names }) }
  }
  return { type: 'success', text, more: reached ? '' : t('send.nobody') }
}
