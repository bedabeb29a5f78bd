import { RequestError } from './request.js'
import { t } from './texts/texts.js'

/** What went wrong, for people. What the server says is added where it tells more. */
export function errorText(error: unknown): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.message : String(error)
  const text = ownText(error)
  const said = Object.entries(error.fields).map(([field, rule]) => `${field} ${rule}`)
  if (!said.length && error.message) said.push(error.message)
  // What is to be done about a rate limit or a dead token is told completely already.
  return said.length && error.status !== 429 && error.status !== 401 ? t('error.said', { text, said: said.join('; ') }) : text
}

function ownText({ status, retryAfter }: RequestError): string {
  switch (status) {
    case 0:
      return t('error.unreachable')
    case 401:
      return t('error.unauthenticated')
    case 403:
      return t('error.forbidden')
    case 404:
      return t('error.notFound')
    case 409:
      return t('error.conflict')
    case 413:
      return t('error.tooLarge')
    case 422:
      return t('error.fields')
    case 429:
      return retryAfter === null ? t('error.tooManyPlain') : t('error.tooMany', { seconds: retryAfter })
    case 502:
    case 503:
    case 504:
      return t('error.unavailable')
    default:
      return t('error.other', { status })
  }
}
