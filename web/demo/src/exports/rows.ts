/** Most rows that the page makes up in one go. */
export const MOST_ROWS = 200_000
/** Rows between two looks at what else the page has to do. */
const PIECE = 5_000

const NAMES = ['Ana 安娜', 'Bob', '陈晓明', 'Dörte', '李雷', 'Zoë 🙂', '=1+1', '王小红']

/** What is exported, but for its rows. */
export interface Order {
  title: string
  /** Empty: the title. */
  prefix: string
  format: 'xlsx' | 'csv'
}

/** Titles of the columns that `exportLines` makes up, in this order. */
export type Titles = readonly [number: string, name: string, born: string, seen: string, active: string]

/** The body of an order as JSON lines, with rows that are made up: names with every kind of letter, days, times and one that looks like a formula. */
export async function exportLines(order: Order, titles: Titles, rows: number, signal?: AbortSignal): Promise<Blob> {
  const [number, name, born, seen, active] = titles
  const { prefix, ...rest } = order
  const headers = [
    { title: number, type: 'number' },
    { title: name, type: 'text' },
    { title: born, type: 'date' },
    { title: seen, type: 'datetime' },
    active,
  ]
  const pieces = [`${JSON.stringify({ ...rest, ...(prefix ? { prefix } : {}), headers })}\n`]
  for (let from = 0; from < rows; from += PIECE) {
    const many = Math.min(PIECE, rows - from)
    pieces.push(Array.from({ length: many }, (_, index) => `${JSON.stringify(row(from + index))}\n`).join(''))
    await pause()
    signal?.throwIfAborted()
  }
  return new Blob(pieces, { type: 'application/x-ndjson' })
}

function row(index: number): unknown[] {
  const born = new Date(Date.UTC(1950, 0, 1) + (index % 20_000) * 86_400_000)
  const seen = new Date(Date.UTC(2026, 0, 1) + (index % 500_000) * 60_000)
  return [index + 1, NAMES[index % NAMES.length], born.toISOString().slice(0, 10), seen.toISOString().slice(0, 19).replace('T', ' '), index % 3 !== 0]
}

/** Lets the browser paint and hear. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}
