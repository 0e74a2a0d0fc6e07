/** Error numbers, their names and their messages. Source: errno(3), asm-generic/errno.h. */
import { GlassboxError } from '../errors.ts'
import { ERRORS } from './generated/errors.ts'

export type ErrnoName = (typeof ERRORS)[number][0]

/** Numbers by name: `ERRNO.ENOENT === 2`. */
export const ERRNO: Readonly<Record<ErrnoName, number>> = byName()

// A dictionary from the start: an object that becomes one after a hundred names leaves a hundred
// shapes behind.
function byName(): Record<ErrnoName, number> {
  const numbers = Object.create(null) as Record<ErrnoName, number>
  for (const [name, number] of ERRORS) numbers[name] = number
  return numbers
}

const BY_NUMBER = new Map<number, (typeof ERRORS)[number]>()
for (const entry of ERRORS) BY_NUMBER.set(entry[1], entry)

/** `ENOENT`; for a number without a name `ERRNO_n`, as strace has it. */
export function errnoName(number: number): string {
  return BY_NUMBER.get(number)?.[0] ?? `ERRNO_${number}`
}

/** `No such file or directory`. */
export function errnoMessage(number: number): string {
  return BY_NUMBER.get(number)?.[2] ?? `Unknown error ${number}`
}

export function errnoNumber(name: string): number {
  const number = (ERRNO as Readonly<Record<string, number>>)[name]
  if (number === undefined)
    throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `There is no error called ${name}.`)
  return number
}
