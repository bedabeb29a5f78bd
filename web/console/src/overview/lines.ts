import type uPlot from 'uplot'
import { rise, total, type CloseReason, type Numbers, type Sample } from '../live/ring.js'

// Told apart by those who see colours in other ways too, and dashed from the second on.
const LIGHT = ['#2b67d6', '#b4470a', '#2f7d32', '#7b3fb8', '#0b7a85', '#a3195b']
const DARK = ['#6ea0ff', '#ffa15c', '#7fd083', '#c79bf2', '#5fd3df', '#ff8fbf']
const DASHES: (number[] | undefined)[] = [undefined, [6, 3], [2, 3], [8, 3, 2, 3]]

/** The colour of a line. */
export function strokes(index: number, dark: boolean): string {
  const all = dark ? DARK : LIGHT
  return all[index % all.length] ?? '#888888'
}

export function dashes(index: number): number[] | undefined {
  return DASHES[index % DASHES.length]
}

/** A longer silence than this between two samples is a gap, in milliseconds. */
const GAP_MS = 5_000

type Value = number | null

/** Lines over time, each made of a sample; where samples are missing, a gap. */
export function linesOf(samples: readonly Sample[], lines: readonly ((sample: Sample, before: Sample | undefined) => Value)[]): uPlot.AlignedData {
  const times: number[] = []
  const values: Value[][] = lines.map(() => [])
  samples.forEach((sample, index) => {
    const before = samples[index - 1]
    if (before && sample.at - before.at > GAP_MS) {
      times.push((before.at + 1_000) / 1_000)
      for (const line of values) line.push(null)
    }
    times.push(sample.at / 1_000)
    lines.forEach((line, number) => values[number]?.push(line(sample, before)))
  })
  return [times, ...values]
}

/** One number of all gateways together. */
export function sumOf(name: Exclude<keyof Numbers, 'draining'>): (sample: Sample) => number {
  return (sample) => total(sample, name)
}

/** One number of one gateway; `null` where it did not answer. */
export function ofGateway(gateway: string, name: Exclude<keyof Numbers, 'draining'>): (sample: Sample) => Value {
  return ({ gateways }) => gateways[gateway]?.[name] ?? null
}

/** How much a counter rose since the sample before. */
export function riseOf(name: 'slow_closes' | 'events_dropped'): (sample: Sample, before: Sample | undefined) => Value {
  return (sample, before) => (before ? rise(before, sample, name) : null)
}

/** What so many of the binds took at most, in milliseconds; `null` where there were none. */
export function bindOf(share: 'p50' | 'p95'): (sample: Sample) => Value {
  return ({ bind }) => bind?.[share] ?? null
}

/** How many connections ended for this reason, a minute. */
export function closesOf(reason: CloseReason): (sample: Sample) => Value {
  return ({ closes }) => closes[reason] ?? null
}

/** Lines of one chart at most: more could not be told apart. */
export const MOST_LINES = 6

/** The gateways of the samples, those of the newest first. */
export function gatewaysOf(samples: readonly Sample[]): string[] {
  const names = new Set<string>()
  for (const sample of [...samples].reverse()) {
    for (const gateway of Object.keys(sample.gateways).sort()) names.add(gateway)
    if (names.size >= MOST_LINES) break
  }
  return [...names].slice(0, MOST_LINES)
}
