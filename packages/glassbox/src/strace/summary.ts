/** The table of -c and -C: how often each call was made, how often it failed, how long it took. */
import { callName } from '../decode/decode.ts'
import type { StraceOptions } from './options.ts'

interface Row {
  readonly name: string
  calls: number
  errors: number
  /** Microseconds. */
  total: number
  least: number
  most: number
}

const COLUMNS: Readonly<
  Record<
    string,
    { readonly title: string; readonly width: number; readonly text: (row: Row, sum: number) => string }
  >
> = {
  'time-percent': {
    title: '% time',
    width: 6,
    text: ({ total }, sum) => (sum === 0 ? 0 : (total * 100) / sum).toFixed(2),
  },
  'total-time': { title: 'seconds', width: 11, text: ({ total }) => (total / 1e6).toFixed(6) },
  'avg-time': {
    title: 'usecs/call',
    width: 11,
    text: ({ total, calls }) => String(calls === 0 ? 0 : Math.trunc(total / calls)),
  },
  'min-time': { title: 'shortest', width: 11, text: ({ least }) => (least / 1e6).toFixed(6) },
  'max-time': { title: 'longest', width: 11, text: ({ most }) => (most / 1e6).toFixed(6) },
  calls: { title: 'calls', width: 9, text: ({ calls }) => String(calls) },
  errors: { title: 'errors', width: 9, text: ({ errors }) => (errors === 0 ? '' : String(errors)) },
  name: { title: 'syscall', width: 16, text: ({ name }) => name },
}

export const DEFAULT_COLUMNS: readonly string[] = [
  'time-percent',
  'total-time',
  'avg-time',
  'calls',
  'errors',
  'name',
]
export const COLUMN_NAMES: readonly string[] = Object.keys(COLUMNS)

/** Later ones of equal rank stay behind earlier ones. */
const ORDERS: Readonly<Record<string, (a: Row, b: Row) => number>> = {
  'total-time': (a, b) => b.total - a.total,
  'time-percent': (a, b) => b.total - a.total,
  'avg-time': (a, b) => b.total / b.calls - a.total / a.calls,
  'min-time': (a, b) => b.least - a.least,
  'max-time': (a, b) => b.most - a.most,
  calls: (a, b) => b.calls - a.calls,
  errors: (a, b) => b.errors - a.errors,
  name: (a, b) => (a.name < b.name ? -1 : 1),
  none: () => 0,
}
export const SORT_NAMES: readonly string[] = Object.keys(ORDERS)

export class Summary {
  readonly #rows = new Map<number, Row>()

  add(nr: number, failed: boolean, microseconds: number): void {
    let row = this.#rows.get(nr)
    if (!row) {
      row = { name: callName(nr), calls: 0, errors: 0, total: 0, least: Infinity, most: 0 }
      this.#rows.set(nr, row)
    }
    row.calls++
    if (failed) row.errors++
    row.total += microseconds
    if (microseconds < row.least) row.least = microseconds
    if (microseconds > row.most) row.most = microseconds
  }

  text({ summarySort, summaryColumns }: Pick<StraceOptions, 'summarySort' | 'summaryColumns'>): string {
    const rows = [...this.#rows.values()].toSorted(ORDERS[summarySort] ?? (() => 0))
    const columns = summaryColumns.map(name => ({ name, ...(COLUMNS[name] as (typeof COLUMNS)[string]) }))
    const sum = rows.reduce((total, row) => total + row.total, 0)
    const widest = Math.max(...rows.map(({ name }) => name.length + 1), 16)
    const all = rows.reduce<Row>(
      (total, row) => ({
        ...total,
        calls: total.calls + row.calls,
        errors: total.errors + row.errors,
        total: sum,
        least: Math.min(total.least, row.least),
        most: Math.max(total.most, row.most),
      }),
      { name: 'total', calls: 0, errors: 0, total: 0, least: Infinity, most: 0 },
    )
    const width = (column: (typeof columns)[number]): number =>
      column.name === 'name' ? widest : column.width
    const line = (cell: (column: (typeof columns)[number]) => string): string =>
      columns
        .map((column, index) => {
          const text = cell(column)
          if (index === columns.length - 1 && column.name === 'name') return text
          return column.name === 'name' ? text.padEnd(width(column)) : text.padStart(width(column))
        })
        .join(' ')
    const rule = columns.map(column => '-'.repeat(width(column))).join(' ')
    const body = rows.map(row => line(({ text }) => text(row, sum)))
    return `${[line(({ title }) => title), rule, ...body, rule, line(({ text }) => text(all, sum))].join('\n')}\n`
  }
}
