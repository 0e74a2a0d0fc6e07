/** Parses values of strace's options: numbers, precisions, formats of times. Pure. */
import { usageFault } from '../../strace/fault.ts'
import type { Precision } from '../../strace/options.ts'

const MOST = 2 ** 31 - 1

/** `spelled`: the option as it was given, for the message. */
export function number(value: string | undefined, spelled: string, least = 0, most: number = MOST): number {
  // As strtoll(3) reads it: blanks and a plus sign may stand before the digits.
  const parsed = value !== undefined && /^\s*\+?\d+$/.test(value) ? Number(value) : -1
  if (parsed < least || parsed > most) throw usageFault(`invalid ${spelled} argument: '${value}'`)
  return parsed
}

const PRECISIONS: Readonly<Record<string, Precision>> = { s: 0, ms: 3, us: 6, ns: 9 }

export function precision(value: string | undefined, spelled: string): Precision {
  const found = PRECISIONS[value ?? 'us']
  if (found === undefined) throw usageFault(`invalid ${spelled} argument: '${value}'`)
  return found
}

export interface Timestamps {
  readonly format: 'none' | 'time' | 'unix'
  readonly precision: Precision
}

/** Parses `[format:]FORMAT[,[precision:]PRECISION]`. Either part may be left out. */
export function timestamps(value: string | undefined, spelled: string): Timestamps {
  let format: Timestamps['format'] = 'time'
  let digits: Precision = 0
  for (const part of value?.split(',').filter(each => each !== '') ?? []) {
    const [, key, word = ''] = /^(?:(format|precision):)?(.*)$/.exec(part) ?? []
    const found = PRECISIONS[word]
    if (key !== 'precision' && (word === 'none' || word === 'time' || word === 'unix')) format = word
    else if (key !== 'format' && found !== undefined) digits = found
    else throw usageFault(`invalid ${spelled} argument: '${value}'`)
  }
  return { format, precision: digits }
}
