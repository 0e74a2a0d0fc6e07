/** Lays out the table of a summary as strace does. */
import type { SummaryOptions } from '../options.ts'
import type { Column, SortKey } from './columns.ts'

/** Times are in microseconds. */
export interface Row {
  readonly nr: number
  readonly name: string
  readonly calls: number
  readonly errors: number
  readonly us: number
  readonly minUs: number
  readonly maxUs: number
}

const secondsOf = (us: number): string => (us / 1e6).toFixed(6)
const SMALLEST_NAME = 16

interface Layout {
  readonly title: string
  readonly width: number
  readonly cell: (row: Row, totalUs: number) => string
  /** The value in the last line. Default: the sum. */
  readonly total?: (rows: readonly Row[], sum: Row) => string
}

const percent = (us: number, totalUs: number): string => ((us * 100) / (totalUs || 1)).toFixed(2)

const LAYOUTS: Readonly<Record<Exclude<Column, 'name'>, Layout>> = {
  'time-percent': {
    title: '% time',
    width: 6,
    cell: (row, totalUs) => percent(row.us, totalUs),
    total: () => '100.00',
  },
  'total-time': { title: 'seconds', width: 11, cell: row => secondsOf(row.us) },
  'min-time': {
    title: 'shortest',
    width: 8,
    cell: row => secondsOf(row.minUs),
    total: rows => secondsOf(Math.min(...rows.map(({ minUs }) => minUs))),
  },
  'max-time': {
    title: 'longest',
    width: 8,
    cell: row => secondsOf(row.maxUs),
    total: rows => secondsOf(Math.max(...rows.map(({ maxUs }) => maxUs))),
  },
  'avg-time': { title: 'usecs/call', width: 11, cell: row => String(Math.trunc(row.us / row.calls)) },
  calls: { title: 'calls', width: 9, cell: row => String(row.calls) },
  errors: { title: 'errors', width: 9, cell: row => (row.errors === 0 ? '' : String(row.errors)) },
}

const SORTS: Readonly<Record<SortKey, (a: Row, b: Row) => number>> = {
  'total-time': (a, b) => b.us - a.us,
  'min-time': (a, b) => b.minUs - a.minUs,
  'max-time': (a, b) => b.maxUs - a.maxUs,
  'avg-time': (a, b) => b.us / b.calls - a.us / a.calls,
  calls: (a, b) => b.calls - a.calls,
  errors: (a, b) => b.errors - a.errors,
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  nothing: () => 0,
}

export function summaryTable(rows: readonly Row[], { columns, sortBy }: SummaryOptions): string {
  const inOrder = rows.toSorted((a, b) => a.nr - b.nr).sort(SORTS[sortBy as SortKey])
  const sum = total(rows)
  const nameWidth = Math.max(SMALLEST_NAME, ...rows.map(({ name }) => name.length + 1))
  const names = columns as readonly Column[]
  const line = (cell: (column: Column) => string): string => {
    const cells = names.map((column, index) => {
      const text = cell(column)
      if (column !== 'name') return text.padStart(LAYOUTS[column].width)
      return index === names.length - 1 ? text : text.padEnd(nameWidth)
    })
    return `${cells.join(' ')}\n`
  }
  const rule = line(column => '-'.repeat(column === 'name' ? nameWidth : LAYOUTS[column].width))
  const head = line(column => (column === 'name' ? 'syscall' : LAYOUTS[column].title))
  const body = inOrder.map(row =>
    line(column => (column === 'name' ? row.name : LAYOUTS[column].cell(row, sum.us))),
  )
  const last = line(column => {
    if (column === 'name') return 'total'
    const { total: totalCell, cell } = LAYOUTS[column]
    return totalCell ? totalCell(rows, sum) : cell(sum, sum.us)
  })
  return `${head}${rule}${body.join('')}${rule}${last}`
}

function total(rows: readonly Row[]): Row {
  const add = (of: (row: Row) => number): number => rows.reduce((sum, row) => sum + of(row), 0)
  return {
    nr: -1,
    name: 'total',
    calls: add(r => r.calls),
    errors: add(r => r.errors),
    us: add(r => r.us),
    minUs: 0,
    maxUs: 0,
  }
}
