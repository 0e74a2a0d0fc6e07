/**
 * The names of ioctl(2) requests. Several drivers use the same numbers, so a number can have
 * several names; which of them is meant depends on the descriptor.
 */
import { REQUESTS } from './generated/ioctls.ts'

/** The parts of a request that _IOC() of linux/ioctl.h puts together. */
export interface RequestParts {
  /** Bit 0: the caller writes an argument; bit 1: the caller reads one. */
  readonly direction: number
  readonly type: number
  readonly number: number
  /** The size of the argument in bytes. */
  readonly size: number
}

export const requestParts = (request: number): RequestParts => ({
  direction: request >>> 30,
  type: (request >>> 8) & 0xff,
  number: request & 0xff,
  size: (request >>> 16) & 0x3fff,
})

/** What the third argument of a request is; `address` if nothing more is known of it. */
export type RequestArgument = 'none' | 'int' | 'uint' | 'ulong' | 'pointer' | 'address'

export interface Request {
  /** Sorted; empty if no header has the number. */
  readonly names: readonly string[]
  readonly argument: RequestArgument
}

const ARGUMENTS: Readonly<Record<string, RequestArgument>> = {
  '-': 'none',
  i: 'int',
  u: 'uint',
  l: 'ulong',
  p: 'pointer',
  ' ': 'address',
}
const UNKNOWN: Request = { names: [], argument: 'address' }
const found = new Map<number, Request>()

/** A request by its number. */
export function requestOf(number: number): Request {
  const known = found.get(number)
  if (known) return known
  const request = search(number.toString(16))
  found.set(number, request)
  return request
}

function search(digits: string): Request {
  for (const letter of Object.keys(ARGUMENTS)) {
    const start = `\n${digits}${letter}`
    const at = REQUESTS.indexOf(start)
    if (at < 0) continue
    const names = REQUESTS.slice(at + start.length, REQUESTS.indexOf('\n', at + 1))
    return { names: names.trim().split(' '), argument: ARGUMENTS[letter] ?? 'address' }
  }
  return UNKNOWN
}
