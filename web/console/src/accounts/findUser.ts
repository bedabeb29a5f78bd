import { api } from '../session.js'
import { t } from '../texts/texts.js'
import { readId } from './filter.js'

/** The id of the user that was typed: an id, or a name written out. Rejects when there is none. */
export async function findUser(typed: string): Promise<number> {
  const id = readId(typed)
  if (id !== null) return id
  const username = typed.trim()
  // In order of id, so one whose name begins so may stand before it.
  const { list } = await api.get('/User/list', { username, limit: 100 })
  const found = list.find((user) => user.username === username)
  if (!found) throw new Error(t('account.notFound', { name: username }))
  return found.id
}
