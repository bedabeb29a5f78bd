import { describe, expect, it } from 'vitest'
import { createEventReader, type StreamEvent } from '../src/live/eventStream.js'
import { MOST_SAMPLES, readHistory, readSample, rise, risen, total, withSample, type Numbers, type Sample } from '../src/live/ring.js'
import { bindOf, closesOf, gatewaysOf, linesOf, ofGateway, sumOf } from '../src/overview/lines.js'

function read(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = []
  const reader = createEventReader((event) => events.push(event))
  for (const piece of pieces) reader(piece)
  return events
}

describe('a stream of events', () => {
  const text = 'retry: 3000\r\nevent: history\r\ndata: {"a":1}\r\n\r\n: alive\n\nevent: sample\ndata: one\ndata: two\n\n'

  it('is read whatever pieces it comes in', () => {
    const whole = read(text)
    expect(whole).toEqual([
      { event: 'history', data: '{"a":1}' },
      { event: 'sample', data: 'one\ntwo' },
    ])
    expect(read(...text)).toEqual(whole)
  })

  it('tells nothing of an event that has not ended, nor of one without data', () => {
    expect(read('event: sample\ndata: half')).toEqual([])
    expect(read('event: sample\n\ndata:plain\n\n')).toEqual([{ event: 'message', data: 'plain' }])
  })
})

const numbers = (changes: Partial<Numbers>): Numbers => ({
  draining: false,
  clients: 0,
  bound_clients: 0,
  queued_bytes: 0,
  slow_closes: 0,
  events_dropped: 0,
  opened_per_s: 0,
  closed_per_s: 0,
  frames_in_per_s: 0,
  frames_out_per_s: 0,
  bytes_in_per_s: 0,
  bytes_out_per_s: 0,
  ...changes,
})
const sample = (at: number, gateways: Record<string, Partial<Numbers>>): Sample => ({
  at,
  gateways: Object.fromEntries(Object.entries(gateways).map(([name, one]) => [name, numbers(one)])),
  failed: [],
  closes: {},
  bind: null,
})

describe('the last 15 minutes', () => {
  it('have in the history what a sample has by name', () => {
    const [first] = readHistory('{"interval_ms":1000,"columns":["clients","slow_closes"],"samples":[{"at_ms":5,"gateways":{"a":[7,1]}}]}')
    expect(first).toEqual({ at: 5, gateways: { a: { clients: 7, slow_closes: 1 } }, failed: [], closes: {}, bind: null })
    expect(readSample('{"at_ms":5,"gateways":{"a":{"clients":7,"slow_closes":1}},"failed":[]}')).toEqual(first)
  })

  it('tell why connections ended, and how long binds took when there were any', () => {
    const history = '{"interval_ms":1000,"columns":[],"close_reasons":["left","slow"],"samples":[{"at_ms":5,"gateways":{},"closed_per_min":[60,1.5],"bind_ms":[2.5,8]},{"at_ms":6,"gateways":{},"closed_per_min":[0,0]}]}'
    const [first, second] = readHistory(history)
    expect(first).toMatchObject({ closes: { left: 60, slow: 1.5 }, bind: { p50: 2.5, p95: 8 } })
    expect(second?.bind).toBeNull()
    expect(readSample('{"at_ms":5,"gateways":{},"failed":[],"closed_per_min":{"left":60,"slow":1.5},"bind_ms":{"p50":2.5,"p95":8}}')).toEqual(first)
    expect(linesOf([first, second] as Sample[], [bindOf('p95'), closesOf('slow'), closesOf('silent')]).slice(1)).toEqual([
      [8, null],
      [1.5, 0],
      [null, null],
    ])
  })

  it('keep no more than there is room for, and take none twice', () => {
    let samples: Sample[] = []
    for (let at = 1; at <= MOST_SAMPLES + 50; at += 1) samples = withSample(samples, sample(at, {}))
    expect(samples).toHaveLength(MOST_SAMPLES)
    expect(samples.at(-1)?.at).toBe(MOST_SAMPLES + 50)
    expect(withSample(samples, sample(3, {}))).toEqual(samples)
  })

  it('add the gateways up, and bear one that began anew', () => {
    const samples = [sample(1, { a: { clients: 2, slow_closes: 5 }, b: { clients: 3, slow_closes: 1 } }), sample(2, { a: { slow_closes: 0 }, b: { slow_closes: 4 } }), sample(3, { a: { slow_closes: 2 } })]
    expect(total(samples[0] as Sample, 'clients')).toBe(5)
    expect(rise(samples[0] as Sample, samples[1] as Sample, 'slow_closes')).toBe(3)
    expect(risen(samples, 'slow_closes')).toBe(5)
  })
})

describe('the lines of a chart', () => {
  it('have a gap where samples are missing and where a gateway was silent', () => {
    const samples = [sample(1_000, { a: { clients: 1 } }), sample(2_000, { b: { clients: 4 } }), sample(60_000, { a: { clients: 2 } })]
    expect(linesOf(samples, [ofGateway('a', 'clients'), sumOf('clients')])).toEqual([
      [1, 2, 3, 60],
      [1, null, null, 2],
      [1, 4, null, 2],
    ])
    expect(gatewaysOf(samples)).toEqual(['a', 'b'])
  })
})
