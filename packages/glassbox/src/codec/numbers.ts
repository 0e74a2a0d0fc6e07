/**
 * Numbers in memory, little endian: a number below 2^53 in size, else a bigint. Functions of one
 * kind of number each, so that a reader is chosen once and not at every value.
 */
import type { Width } from '../linux/schema/widths.ts'
import type { Word } from '../linux/schema/layouts.ts'

export type NumberReader = (view: DataView, at: number) => Word
export type NumberWriter = (view: DataView, at: number, value: Word) => void

const HALF = 2 ** 32
/** The upper half of a number from which on it has more than 53 bits. */
const MOST_HIGH = 2 ** 21

function unsigned64(view: DataView, at: number): Word {
  const high = view.getUint32(at + 4, true)
  return high < MOST_HIGH ? high * HALF + view.getUint32(at, true) : view.getBigUint64(at, true)
}

function signed64(view: DataView, at: number): Word {
  const high = view.getInt32(at + 4, true)
  if (high >= MOST_HIGH || high < -MOST_HIGH) return view.getBigInt64(at, true)
  const value = high * HALF + view.getUint32(at, true)
  return value === -MOST_HIGH * HALF ? view.getBigInt64(at, true) : value
}

const UNSIGNED: Readonly<Record<Width['bits'], NumberReader>> = {
  8: (view, at) => view.getUint8(at),
  16: (view, at) => view.getUint16(at, true),
  32: (view, at) => view.getUint32(at, true),
  64: unsigned64,
}

const SIGNED: Readonly<Record<Width['bits'], NumberReader>> = {
  8: (view, at) => view.getInt8(at),
  16: (view, at) => view.getInt16(at, true),
  32: (view, at) => view.getInt32(at, true),
  64: signed64,
}

export const numberReader = ({ bits, signed }: Width): NumberReader =>
  signed ? SIGNED[bits] : UNSIGNED[bits]

function write64(view: DataView, at: number, value: Word): void {
  if (typeof value === 'bigint') {
    view.setBigInt64(at, value, true)
    return
  }
  const high = Math.floor(value / HALF)
  view.setUint32(at, value - high * HALF, true)
  view.setInt32(at + 4, high, true)
}

const WRITERS: Readonly<Record<Width['bits'], NumberWriter>> = {
  8: (view, at, value) => view.setUint8(at, Number(value)),
  16: (view, at, value) => view.setUint16(at, Number(value), true),
  32: (view, at, value) => view.setUint32(at, Number(value), true),
  64: write64,
}

/** Writes the lowest bits of the value, so signed and unsigned numbers alike. */
export const numberWriter = (bits: Width['bits']): NumberWriter => WRITERS[bits]

/** A register, as the number that a value of this width is. */
export function fromRegister(register: bigint, { bits, signed }: Width): Word {
  if (bits === 64) return narrow(signed ? BigInt.asIntN(64, register) : register)
  return Number(signed ? BigInt.asIntN(bits, register) : BigInt.asUintN(bits, register))
}

/** A number if that is exact. */
export function narrow(value: bigint): Word {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The unsigned number of so many bytes at a place. */
export function unsignedAt(view: DataView, at: number, size: number): bigint {
  if (size === 8) return view.getBigUint64(at, true)
  return BigInt(UNSIGNED[(size * 8) as Width['bits']](view, at))
}
