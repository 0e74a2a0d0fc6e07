/** Error numbers, their names and their messages. Source: errno(3), asm-generic/errno.h. */
import { GlassboxError } from '../errors.ts'
import { ERRORS } from './generated/errors.ts'

export type ErrnoName = (typeof ERRORS)[number][0]

/** Numbers by name: `ERRNO.ENOENT === 2`. */
export const ERRNO: Readonly<Record<ErrnoName, number>> = byName()

// A null prototype makes V8 use a dictionary from the start. Otherwise the object would become one
// only after about a hundred names, each with a hidden class.
function byName(): Record<ErrnoName, number> {
  const numbers = Object.create(null) as Record<ErrnoName, number>
  for (const [name, number] of ERRORS) numbers[name] = number
  return numbers
}

const BY_NUMBER = new Map<number, (typeof ERRORS)[number]>()
for (const entry of ERRORS) BY_NUMBER.set(entry[1], entry)

/** The name, such as `ENOENT`; `ERRNO_n` for a number without a name, as in strace. */
export function errnoName(number: number): string {
  return BY_NUMBER.get(number)?.[0] ?? `ERRNO_${number}`
}

/** The message, such as `No such file or directory`. */
export function errnoMessage(number: number): string {
  return BY_NUMBER.get(number)?.[2] ?? `Unknown error ${number}`
}

export function errnoNumber(name: string): number {
  const number = (ERRNO as Readonly<Record<string, number>>)[name]
  if (number === undefined)
    throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `There is no error called ${name}.`)
  return number
}
