import { RequestError } from '@gatepipe/pages-kit/request'
import { BASE } from '@gatepipe/pages-kit/session'
import { session } from '../session.js'

/** Downloads the entries as the api writes them. A link would send no token. */
export async function downloadAudit(params: Readonly<Record<string, string | number | undefined>>): Promise<void> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined) query.set(name, String(value))
  const token = session.login.value?.token ?? ''
  const answer = await fetch(`${BASE}/Audit/export?${query}`, { headers: { authorization: `Bearer ${token}` }, credentials: 'omit' }).catch(() => {
    throw new RequestError(0, '')
  })
  if (answer.status === 401) session.end({ why: 'expired', reason: '' })
  if (!answer.ok) throw new RequestError(answer.status, '')
  const named = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')
  // A connection that is cut in the middle rejects here: half a file is not given out.
  const url = URL.createObjectURL(await answer.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = named?.[1] ?? 'audit.csv'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
