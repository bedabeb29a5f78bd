import type { RouteLocationRaw } from 'vue-router'

/** Where what was typed into the search leads: a client_id to that client, a number to that user, anything else to the clients of that uid. */
export function searchTarget(typed: string): RouteLocationRaw | null {
  const text = typed.trim()
  if (!text) return null
  if (/^[0-9a-f]{40}$/.test(text)) return { name: 'clients', query: { client: text } }
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text))) return { name: 'people', params: { uid: text } }
  return { name: 'clients', query: { uid: text } }
}
