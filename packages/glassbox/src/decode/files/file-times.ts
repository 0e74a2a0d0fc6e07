/** The two times of a file that utimensat(2) and its predecessors set, each with its date. */
import { readStruct, struct } from '../../codec/struct.ts'
import type { StructValues } from '../../linux/schema/layouts.ts'
import type { Context, Printer } from '../context.ts'
import { timeComment } from './files.ts'
import { named } from '../names.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

/** Special values in place of nanoseconds: the current time, or no change. */
const SPECIAL: Readonly<Record<string, string>> = { [0x3fffffff]: 'UTIME_NOW', [0x3ffffffe]: 'UTIME_OMIT' }

/** The number of digits that make up a second. */
const DIGITS = { timespec: 9, timeval: 6 } as const

type Struct = keyof typeof DIGITS

function timeText(name: Struct, time: StructValues[Struct], options: TextOptions): string {
  const { tv_sec: seconds } = time
  const [part, fraction] = 'tv_nsec' in time ? ['tv_nsec', time.tv_nsec] : ['tv_usec', time.tv_usec]
  const special = name === 'timespec' ? SPECIAL[String(fraction)] : undefined
  const text = `{tv_sec=${seconds}, ${part}=${fraction}}`
  return special === undefined
    ? `${text}${timeComment(BigInt(seconds), BigInt(fraction), DIGITS[name])}`
    : named(text, special, options)
}

export const fileTimes =
  (name: string): Printer =>
  (value: bigint, { memory, options }: Context) => {
    if (name !== 'timespec' && name !== 'timeval') return hex(value)
    const first = readStruct(memory, value, name)
    const second = readStruct(memory, value + BigInt(struct(name, memory.model).size), name)
    return first && second
      ? `[${timeText(name, first, options)}, ${timeText(name, second, options)}]`
      : address(value)
  }
