/** The columns of the summary and its sort keys, by the names that -U and -S take. */
import { usageFault } from '../fault.ts'

export type Column =
  | 'time-percent'
  | 'total-time'
  | 'min-time'
  | 'max-time'
  | 'avg-time'
  | 'calls'
  | 'errors'
  | 'name'

export const DEFAULT_COLUMNS: readonly Column[] = [
  ...(['time-percent', 'total-time', 'avg-time', 'calls', 'errors', 'name'] as const),
]

const NAMES: Readonly<Record<string, Column | 'nothing'>> = {
  'time-percent': 'time-percent',
  time_percent: 'time-percent',
  time: 'time-percent',
  'total-time': 'total-time',
  'time-total': 'total-time',
  time_total: 'total-time',
  total_time: 'total-time',
  'min-time': 'min-time',
  min_time: 'min-time',
  shortest: 'min-time',
  'time-min': 'min-time',
  time_min: 'min-time',
  'max-time': 'max-time',
  max_time: 'max-time',
  longest: 'max-time',
  'time-max': 'max-time',
  time_max: 'max-time',
  'avg-time': 'avg-time',
  avg_time: 'avg-time',
  'time-avg': 'avg-time',
  time_avg: 'avg-time',
  calls: 'calls',
  count: 'calls',
  errors: 'errors',
  error: 'errors',
  name: 'name',
  syscall: 'name',
  'syscall-name': 'name',
  syscall_name: 'name',
  nothing: 'nothing',
  none: 'nothing',
}

/** A sort key of a summary. `time` means the total time. */
export type SortKey = Exclude<Column, 'time-percent'> | 'nothing'

export function sortKey(text: string): SortKey {
  const name = text === 'time' ? 'total-time' : NAMES[text]
  if (name === undefined) throw usageFault(`invalid sortby: '${text}'`)
  return name === 'time-percent' ? 'total-time' : name
}

/** Adds the name as the last column if it was left out. */
export function columnNames(text: string): readonly Column[] {
  const columns: Column[] = []
  const words = text.split(',')
  for (const [index, word] of words.entries()) {
    const column = NAMES[word]
    if (column === undefined || column === 'nothing') throw usageFault(`unknown column name: '${word}'`)
    if (columns.includes(column)) {
      const rest = words.slice(index).join(',')
      throw usageFault(
        `call summary column has been provided more than once: '${word}' (-U option residual: '${rest}')`,
      )
    }
    columns.push(column)
  }
  return columns.includes('name') ? columns : [...columns, 'name']
}
