/** Numbers of bytes and elements, by those who say them: see `Length` of the schema. */
import type { Length } from '../linux/schema/kinds.ts'
import { readWord } from './memory.ts'
import type { Fields } from './values.ts'
import type { Reading } from './reading.ts'

const LONG_VERSIONS: ReadonlySet<bigint> = new Set([0x20071026n, 0x20080522n])

const register = (reading: Reading, index: number): bigint => reading.args[index] ?? 0n

/** As a number, which is exact up to 2^53; never negative. */
const bounded = (value: bigint): number => (value <= 0n ? 0 : Number(value))

/** The result of the call; 0 at its entry and if it failed. */
export const resultOf = ({ result }: Reading): bigint => (result === undefined || result < 0n ? 0n : result)

/**
 * How many there are. A length that cannot be read is 0. `fields`: of the struct that the length
 * is a field of.
 */
export function countOf(length: Length, reading: Reading, fields?: Fields): number {
  switch (length.by) {
    case 'constant':
      return length.count
    case 'argument': {
      const value = register(reading, length.argument)
      if (length.bits === 32)
        return bounded(length.signed ? BigInt.asIntN(32, value) : BigInt.asUintN(32, value))
      return bounded(length.signed ? BigInt.asIntN(64, value) : value)
    }
    case 'cell': {
      const now = readWord(reading.memory, register(reading, length.argument), 4)
      return now === undefined ? 0 : bounded(BigInt.asIntN(32, now))
    }
    case 'field': {
      const value = fields?.[length.field]
      return typeof value === 'number' || typeof value === 'bigint' ? bounded(BigInt(value)) : 0
    }
    case 'result':
      return bounded(resultOf(reading))
    default: {
      // Later versions have twice 32 bits of each set.
      const version = readWord(reading.memory, register(reading, length.argument), 4)
      if (version === undefined) return 0
      return LONG_VERSIONS.has(version) ? 2 : 1
    }
  }
}
