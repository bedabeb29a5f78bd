/** How busy one gateway was, as `/Stats/stream` tells it. */
export interface Numbers {
  draining: boolean
  clients: number
  bound_clients: number
  queued_bytes: number
  slow_closes: number
  events_dropped: number
  opened_per_s: number
  closed_per_s: number
  frames_in_per_s: number
  frames_out_per_s: number
  bytes_in_per_s: number
  bytes_out_per_s: number
}

/** Why connections ended, as `/Stats/stream` tells it. */
export const CLOSE_REASONS = ['left', 'drained', 'ended', 'silent', 'slow', 'other'] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]

export interface Sample {
  /** When the gateways were asked, in epoch milliseconds. */
  at: number
  gateways: Readonly<Record<string, Numbers>>
  /** Those that did not answer. */
  failed: readonly { gateway: string | null; reason: string }[]
  /** Connections that ended, a minute; empty from an api that does not tell. */
  closes: Readonly<Partial<Record<CloseReason, number>>>
  /** What half and 19 of 20 of the binds of the last minute took at most, in milliseconds; `null` when there were none. */
  bind: { p50: number; p95: number } | null
}

/** As many as the api keeps: 15 minutes. */
export const MOST_SAMPLES = 900

interface Told {
  at_ms: number
  failed?: readonly { gateway: string | null; reason: string }[]
}

interface History {
  columns: string[]
  close_reasons?: string[]
  samples: (Told & { gateways: Record<string, unknown[]>; closed_per_min?: number[]; bind_ms?: number[] })[]
}

/** What `event: history` brings: numbers without names. */
export function readHistory(data: string): Sample[] {
  const { columns, close_reasons = [], samples } = JSON.parse(data) as History
  const named = (row: unknown[]) => Object.fromEntries(columns.map((name, column) => [name, row[column]])) as unknown as Numbers
  return samples.slice(-MOST_SAMPLES).map(({ at_ms, gateways, failed = [], closed_per_min = [], bind_ms: [p50, p95] = [] }) => ({
    at: at_ms,
    gateways: Object.fromEntries(Object.entries(gateways).map(([gateway, row]) => [gateway, named(row)])),
    failed,
    closes: Object.fromEntries(close_reasons.map((reason, column) => [reason, closed_per_min[column]])),
    bind: p50 === undefined || p95 === undefined ? null : { p50, p95 },
  }))
}

/** What `event: sample` brings. */
export function readSample(data: string): Sample {
  const { at_ms, gateways, failed = [], closed_per_min = {}, bind_ms = null } = JSON.parse(data) as Told & {
    gateways: Record<string, Numbers>
    closed_per_min?: Sample['closes']
    bind_ms?: Sample['bind']
  }
  return { at: at_ms, gateways, failed, closes: closed_per_min, bind: bind_ms }
}

/** With the newest at its end, and no more than are kept; one that is no newer than the last changes nothing. */
export function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1)
  return last && last.at >= sample.at ? [...samples] : [...samples.slice(1 - MOST_SAMPLES), sample]
}

/** A number of all gateways together. */
export function total({ gateways }: Sample, name: Exclude<keyof Numbers, 'draining'>): number {
  return Object.values(gateways).reduce((sum, numbers) => sum + numbers[name], 0)
}

/** How much a counter has risen within the samples, on all gateways together. A gateway that began anew counts from 0. */
export function risen(samples: readonly Sample[], name: 'slow_closes' | 'events_dropped'): number {
  let sum = 0
  samples.forEach((sample, index) => {
    const before = samples[index - 1]
    if (before) sum += rise(before, sample, name)
  })
  return sum
}

/** The same from one sample to the next. */
export function rise(before: Sample, after: Sample, name: 'slow_closes' | 'events_dropped'): number {
  return Object.entries(after.gateways).reduce((sum, [gateway, numbers]) => {
    const earlier = before.gateways[gateway]
    return earlier ? sum + Math.max(0, numbers[name] - earlier[name]) : sum
  }, 0)
}
