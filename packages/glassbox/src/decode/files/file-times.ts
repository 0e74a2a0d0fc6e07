/** The two times of a file that utimensat(2) and its predecessors set, each with its date. */
import type { Context, Printer } from '../context.ts'
import { timeComment } from './files.ts'
import { readView } from '../memory.ts'
import { named } from '../names.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

const TIME_BYTES = 16
/** Special values in place of nanoseconds: the current time, or no change. */
const SPECIAL: Readonly<Record<string, string>> = { [0x3fffffff]: 'UTIME_NOW', [0x3ffffffe]: 'UTIME_OMIT' }

/** The part after the seconds: its name, and the number of digits that make up a second. */
const FRACTIONS = { timespec: ['tv_nsec', 9], timeval: ['tv_usec', 6] } as const

function timeText(struct: keyof typeof FRACTIONS, view: DataView, options: TextOptions): string {
  const [name, digits] = FRACTIONS[struct]
  const [seconds, fraction] = [view.getBigInt64(0, true), view.getBigUint64(8, true)]
  const special = struct === 'timespec' ? SPECIAL[String(fraction)] : undefined
  const text = `{tv_sec=${seconds}, ${name}=${fraction}}`
  return special === undefined
    ? `${text}${timeComment(seconds, fraction, digits)}`
    : named(text, special, options)
}

export const fileTimes =
  (struct: string): Printer =>
  (value: bigint, { memory, options }: Context) => {
    if (struct !== 'timespec' && struct !== 'timeval') return hex(value)
    const first = readView(memory, value, TIME_BYTES)
    const second = readView(memory, value + BigInt(TIME_BYTES), TIME_BYTES)
    return first && second
      ? `[${timeText(struct, first, options)}, ${timeText(struct, second, options)}]`
      : address(value)
  }
