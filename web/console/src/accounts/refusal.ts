import { RequestError } from '@gatepipe/pages-kit/request'
import type { TextKey } from '../texts/en.js'
import { t } from '../texts/texts.js'

/** The api's names for refusals, and how this page tells them; what one is about is filled in. */
const TEXTS: Readonly<Record<string, TextKey>> = {
  oneself: 'account.obstacle.self',
  not_below: 'refusal.notBelow',
  manager_not_below: 'refusal.managerNotBelow',
  user_may_more: 'refusal.userMore',
  not_yours: 'refusal.notYours',
  last_administrator: 'refusal.last',
  username_taken: 'refusal.nameTaken',
  role_taken: 'refusal.roleTaken',
  manager_circle: 'refusal.circle',
  no_such_role: 'refusal.noRole',
  no_such_manager: 'refusal.noManager',
  old_password_wrong: 'refusal.oldWrong',
  needs_permission: 'refusal.needs',
  no_password: 'refusal.noPassword',
  tokens_elsewhere: 'refusal.elsewhere',
}

/** A refusal of the api in the reader's words, where the page knows it; otherwise the error as it is, which is shown with what the api says. */
export function inWords(error: unknown): unknown {
  if (!(error instanceof RequestError) || !error.reason) return error
  const { name, about } = error.reason
  const key = Object.hasOwn(TEXTS, name) ? TEXTS[name] : undefined
  return key ? new Error(t(key, { name: about, permission: about })) : error
}
