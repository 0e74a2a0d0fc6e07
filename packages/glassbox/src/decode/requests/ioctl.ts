/**
 * Requests of ioctl(2): by name (several names can share a number), or else split into direction,
 * type, number and size.
 */
import { constantSet } from '../../linux/flags.ts'
import type { Printer } from '../context.ts'
import { named } from '../names.ts'
import { hex } from '../text.ts'

const DIRECTIONS = ['_IOC_NONE', '_IOC_WRITE', '_IOC_READ', '_IOC_READ|_IOC_WRITE']

const names = new Map<number, string>()
for (const [name, number] of constantSet('ioctl')?.entries ?? []) {
  const word = number >>> 0
  const known = names.get(word)
  names.set(word, known === undefined ? name : `${known} or ${name}`)
}

export const ioctlCommand: Printer = (value, { options }) => {
  const word = Number(BigInt.asUintN(32, value))
  const parts = [
    DIRECTIONS[word >>> 30],
    hex((word >>> 8) & 0xff),
    hex(word & 0xff),
    hex((word >>> 16) & 0x3fff),
  ]
  return named(hex(word), names.get(word) ?? `_IOC(${parts.join(', ')})`, options)
}
