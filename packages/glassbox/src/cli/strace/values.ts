/** Parses values of strace's options: numbers, precisions, formats of times. Pure. */
import { usageFault } from '../../strace/fault.ts'
import { unsignedOf } from '../../strace/numbers.ts'
import type { Precision } from '../../strace/options.ts'

/** `spelled`: the option as it was given, for the message. */
export function number(value: string | undefined, spelled: string, least = 0, most?: number): number {
  const parsed = unsignedOf(value ?? '', most) ?? -1
  if (parsed < least) throw usageFault(`invalid ${spelled} argument: '${value}'`)
  return parsed
}

const PRECISIONS: Readonly<Record<string, Precision>> = { s: 0, ms: 3, us: 6, ns: 9 }

export function precision(value: string | undefined, spelled: string): Precision {
  const found = PRECISIONS[value?.toLowerCase() ?? 'us']
  if (found === undefined) throw usageFault(`invalid ${spelled} argument: '${value}'`)
  return found
}

export interface Timestamps {
  readonly format: 'none' | 'time' | 'unix'
  readonly precision: Precision
}

/**
 * Parses `[format:]FORMAT[,[precision:]PRECISION]`. Either part may be left out, and is then as an
 * earlier option said.
 */
export function timestamps(
  value: string | undefined,
  spelled: string,
  { format, precision: digits }: Timestamps = { format: 'time', precision: 0 },
): Timestamps {
  for (const part of value
    ?.toLowerCase()
    .split(',')
    .filter(each => each !== '') ?? []) {
    const [, key, word = ''] = /^(?:(format|precision):)?(.*)$/.exec(part) ?? []
    const found = PRECISIONS[word]
    if (key !== 'precision' && (word === 'none' || word === 'time' || word === 'unix')) format = word
    else if (key !== 'format' && found !== undefined) digits = found
    else throw usageFault(`invalid ${spelled} argument: '${value}'`)
  }
  return { format, precision: digits }
}
