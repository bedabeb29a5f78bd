import type { Outcome } from '../components/useAction.js'

/** Does something to the user that is shown, and shows what became of it; whether it was done. */
export type Change = (work: () => Promise<Outcome>) => Promise<boolean>
