/**
 * Prints a stack as strace does: one line per frame, ` > FILE(FUNCTION+0xOFFSET) [0xADDRESS]`.
 * The address is the one in the file.
 */
import { demangled } from '../../unwind/demangle/demangle.ts'
import type { Frame, Stack } from '../../unwind/unwind.ts'

/** `kept`: the stack was taken at the entry of its call. */
export const stackText = ({ frames, cut }: Stack, kept: boolean): string =>
  frames.map(frame => frameText(frame, kept)).join('') + (cut ? ' > too many stack frames\n' : '')

function frameText({ address, object, fileOffset, symbol }: Frame, kept: boolean): string {
  if (object === undefined) return ` > unexpected_backtracing_error [0x${address.toString(16)}]\n`
  // strace prints a function without a name in two ways.
  const inside = symbol ? `${demangled(symbol.name)}+0x${symbol.offset.toString(16)}` : kept ? '+0x0' : ''
  return ` > ${object}(${inside}) [0x${fileOffset.toString(16)}]\n`
}

/** Members of an event of --json. */
export interface StackValue {
  readonly stack: readonly Readonly<Record<string, unknown>>[]
  /** Present only if the frame limit ended the walk. */
  readonly stackCut?: true
}

export const stackValue = ({ frames, cut }: Stack): StackValue => ({
  stack: frames.map(frameValue),
  ...(cut && { stackCut: true }),
})

const frameValue = ({ address, object, fileOffset, symbol }: Frame): Readonly<Record<string, unknown>> => ({
  address: `0x${address.toString(16)}`,
  ...(object !== undefined && { object, fileOffset: `0x${fileOffset.toString(16)}` }),
  ...(symbol && { symbol: demangled(symbol.name), offset: symbol.offset }),
  ...(symbol?.beyond && { nearest: true }),
})
