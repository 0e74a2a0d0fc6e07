/** Error numbers, their names and their messages. Source: errno(3), asm-generic/errno.h. */
import { GlassboxError } from '../errors.ts'
import { ERRORS } from './generated/errors.ts'

export type ErrnoName = (typeof ERRORS)[number][0]

/** Numbers by name: `ERRNO.ENOENT === 2`. */
export const ERRNO: Readonly<Record<ErrnoName, number>> = Object.fromEntries(
  ERRORS.map(([name, number]) => [name, number]),
) as Record<ErrnoName, number>

const BY_NUMBER = new Map<number, (typeof ERRORS)[number]>(ERRORS.map(entry => [entry[1], entry]))

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
