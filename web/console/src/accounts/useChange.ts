import { useAction, type Outcome } from '../components/useAction.js'
import { inWords } from './refusal.js'

/** As `useAction`, for what changes users and roles: the refusals of the api are told in the reader's words. */
export function useChange() {
  const { busy, outcome, run } = useAction()
  return {
    busy,
    outcome,
    run: (work: () => Promise<Outcome>) =>
      run(async () => {
        try {
          return await work()
        } catch (error) {
          throw inWords(error)
        }
      }),
  }
}
