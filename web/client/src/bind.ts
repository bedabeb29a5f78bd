import type { ClientOptions } from './types.js'
import { field } from './frame.js'

/** Why a bind failed: the HTTP status, or 0 when there was no answer. */
export interface Refusal {
  status: number
  reason: string
}

/** Whether a refusal is about the token. */
export function isDenied({ status }: Refusal): boolean {
  return status === 401 || status === 403
}

/**
 * Binds once over HTTP; a refusal of the token is answered by one fresh token and one more try. Never rejects; `null` when nothing was refused.
 * What it reached is told by the frame `bind_success`.
 */
export async function bindOnce(
  bind: NonNullable<ClientOptions['bind']>,
  refreshToken: ClientOptions['refreshToken'],
  clientId: string,
  signal: AbortSignal,
): Promise<Refusal | null> {
  const once = () => attempt(() => bind(clientId, signal))
  const first = await once()
  if (!first || !isDenied(first) || !refreshToken || signal.aborted) return first
  return (await attempt(() => refreshToken(signal))) ?? (signal.aborted ? null : once())
}

async function attempt(call: () => Promise<unknown>): Promise<Refusal | null> {
  try {
    // `fetch` does not reject a 401; whoever returns its answer as it is should not be taken for bound.
    return refusal(await call())
  } catch (error) {
    return refusal(error) ?? refusal(field(error, 'response')) ?? { status: 0, reason: String(error) }
  }
}

function refusal(answer: unknown): Refusal | null {
  const status = field(answer, 'status')
  if (typeof status !== 'number' || status < 400) return null
  return { status, reason: String(field(answer, 'message') ?? status) }
}
