import { describe, expect, it } from 'vitest'
import type { ExportTask } from '../src/api/types.js'
import { exportLines } from '../src/exports/rows.js'
import { merged } from '../src/exports/merged.js'

const TITLES = ['#', 'Name', 'Born', 'Seen', 'Active'] as const

describe('rows that are made up', () => {
  it('are one line each below the line of the order', async () => {
    const lines = (await (await exportLines({ title: '用户', prefix: '', format: 'csv' }, TITLES, 12_345)).text()).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines).toHaveLength(12_346)
    const order = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    expect(order).toMatchObject({ title: '用户', format: 'csv' })
    expect(order).not.toHaveProperty('prefix')
    expect(order.headers).toHaveLength(5)
    expect(JSON.parse(lines[12_345] ?? '')).toEqual([12_345, 'Ana 安娜', expect.stringMatching(/^\d{4}-\d\d-\d\d$/), expect.stringMatching(/^[\d-]{10} [\d:]{8}$/), expect.any(Boolean)])
  })

  it('are given up with the page', async () => {
    const leaving = new AbortController()
    const lines = exportLines({ title: 'x', prefix: 'p', format: 'xlsx' }, TITLES, 200_000, leaving.signal)
    leaving.abort()
    await expect(lines).rejects.toThrow()
  })
})

it('a list has each task once, as it was told last, newest first', () => {
  const task = (id: number, done: number) => ({ id, done }) as ExportTask
  expect(merged([task(3, 0), task(1, 5)], [task(2, 0), task(3, 9)])).toEqual([task(3, 9), task(2, 0), task(1, 5)])
})

it('progress does not go back with a row that is behind, but with a worker that begins anew', () => {
  const running = (done: number, started_at_ms: number | null) => ({ id: 1, state: 'running', done, started_at_ms }) as ExportTask
  expect(merged([running(90, 5)], [running(60, 5)])).toEqual([running(90, 5)])
  expect(merged([running(90, null)], [running(60, 5)])).toEqual([running(90, 5)])
  expect(merged([running(90, 5)], [running(0, 7)])).toEqual([running(0, 7)])
  expect(merged([running(90, 5)], [{ ...running(60, 5), state: 'failed' }])).toEqual([{ ...running(60, 5), state: 'failed' }])
})
