import { RequestError } from '@gatepipe/pages-kit/request'
import type { TextKey } from '../texts/en.js'
import { t } from '../texts/texts.js'

/** What the api says when it refuses, and how this page says it; a group is filled in by its name. */
const SENTENCES: readonly (readonly [RegExp, TextKey])[] = [
  [/^nobody changes themselves here/, 'account.obstacle.self'],
  [/^you may change those who answer to you;/, 'refusal.notBelow'],
  [/^whoever you manage answers to you,/, 'refusal.managerNotBelow'],
  [/^this user may do more than you: (?<permission>\S+)$/, 'refusal.userMore'],
  [/^you cannot give or take what you do not have: (?<permission>\S+)$/, 'refusal.notYours'],
  [/^nobody would be left who may do everything/, 'refusal.last'],
  [/^the username (?<name>\S+) is taken$/, 'refusal.nameTaken'],
  [/^there is a role (?<name>\S+) already$/, 'refusal.roleTaken'],
  [/^user \d+ is below user \d+ or the same, and cannot be its manager$/, 'refusal.circle'],
  [/^there is no role (?<name>\S+)$/, 'refusal.noRole'],
  [/^manager_id there is no such user$/, 'refusal.noManager'],
  [/^role there is no role (?<name>\S+)$/, 'refusal.noRole'],
  [/^old_password is wrong$/, 'refusal.oldWrong'],
  [/^this needs the permission (?<permission>\S+)$/, 'refusal.needs'],
  [/^you have no password here;/, 'refusal.noPassword'],
  [/^this api only checks tokens; change your password where yours are made$/, 'refusal.elsewhere'],
]

/** A refusal of the api in the reader's words, where the page knows it; otherwise the error as it is, which is shown with what the api says. */
export function inWords(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error
  const fields = Object.entries(error.fields).map(([field, rule]) => `${field} ${rule}`)
  const said = fields.length ? fields.join('; ') : error.message
  for (const [sentence, key] of SENTENCES) {
    const found = sentence.exec(said)
    if (found) return new Error(t(key, found.groups ?? {}))
  }
  return error
}
