/** A stack as strace prints it: a line a frame, ` > FILE(FUNCTION+0xOFFSET) [0xADDRESS]`, the address being that in the file. */
import { demangled } from '../unwind/demangle/demangle.ts'
import type { Frame } from '../unwind/unwind.ts'

/** `kept`: the stack was taken at the beginning of its call. */
export const stackText = (frames: readonly Frame[], kept: boolean): string =>
  frames.map(frame => frameText(frame, kept)).join('')

function frameText({ address, object, fileOffset, symbol }: Frame, kept: boolean): string {
  if (object === undefined) return ` > unexpected_backtracing_error [0x${address.toString(16)}]\n`
  // strace spells a function without a name in two ways.
  const inside = symbol ? `${demangled(symbol.name)}+0x${symbol.offset.toString(16)}` : kept ? '+0x0' : ''
  return ` > ${object}(${inside}) [0x${fileOffset.toString(16)}]\n`
}

export type StackValue = readonly Readonly<Record<string, unknown>>[]

/** The same for --json. */
export const stackValue = (frames: readonly Frame[]): StackValue =>
  frames.map(({ address, object, fileOffset, symbol }) => ({
    address: `0x${address.toString(16)}`,
    ...(object !== undefined && { object, fileOffset: `0x${fileOffset.toString(16)}` }),
    ...(symbol && { symbol: demangled(symbol.name), offset: symbol.offset }),
    ...(symbol?.beyond && { nearest: true }),
  }))
