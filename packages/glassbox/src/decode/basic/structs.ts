/**
 * Prints structs by their layouts in src/linux, a value behind a pointer, and arrays of numbers.
 * If a layout says so, the struct is abbreviated unless all members are asked for.
 */
import { structOf, type Field, type Struct } from '../../linux/structs.ts'
import { arrayText } from './arrays.ts'
import { cellBytes } from './cell-bytes.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { address, charArray, hex } from '../text.ts'

export type KindText = (kind: string, value: bigint, context: Context) => string

function fieldText(field: Field, view: DataView, context: Context, valueText: KindText): string | undefined {
  const { name, offset, size, kind, optional, onlyWith, unless } = field
  if (kind.startsWith('chars')) {
    return `${name}=${charArray(bytesOf(view, offset, size), context.options.stringsInHex)}`
  }
  if (kind === 'hexes') {
    const words = Array.from({ length: size / 4 }, (_, index) => view.getUint32(offset + index * 4, true))
    if (optional && words.every(word => word === 0)) return undefined
    return `${name}=[${words.map(hex).join(', ')}]`
  }
  if (kind === 'uints') {
    const words = Array.from({ length: size / 4 }, (_, index) => view.getUint32(offset + index * 4, true))
    return `${name}=[${words.join(', ')}]`
  }
  if (kind === 'longs') {
    const longs = Array.from({ length: size / 8 }, (_, index) => view.getBigUint64(offset + index * 8, true))
    return `${name}=[${longs.join(', ')}]`
  }
  if (kind === 'hexlongs') {
    const { full, limit } = { full: context.options.full, limit: context.limit }
    const longs = Array.from({ length: size / 8 }, (_, index) => view.getBigUint64(offset + index * 8, true))
    const shown = longs.slice(0, full ? longs.length : limit).map(hex)
    return `${name}=[${[...shown, ...(shown.length < longs.length ? ['...'] : [])].join(', ')}]`
  }
  const word =
    size === 8
      ? view.getBigUint64(offset, true)
      : BigInt(
          size === 4
            ? view.getUint32(offset, true)
            : size === 2
              ? view.getUint16(offset, true)
              : view.getUint8(offset),
        )
  const isNeeded = unless && (view.getBigUint64(unless.offset, true) & BigInt(unless.bits)) !== 0n
  if ((optional && word === 0n && !isNeeded) || (onlyWith && (word & BigInt(onlyWith)) === 0n))
    return undefined
  if (kind.startsWith('struct:')) {
    const inner = structOf(kind.slice(7), context.memory.model)
    if (!inner) return `${name}=???`
    const part = new DataView(view.buffer, view.byteOffset + offset, inner.size)
    return `${name}=${structText(inner, part, context, valueText)}`
  }
  // clock_t is signed, and printed as what it is in 64 bits.
  if (kind === 'ticks' && size === 4)
    return `${name}=${valueText(kind, BigInt.asUintN(64, BigInt.asIntN(32, word)), context)}`
  const value = kind === 'int' || kind === 'long' || kind === 'time' ? BigInt.asIntN(size * 8, word) : word
  return `${name}=${valueText(kind, value, context)}`
}

/** `{tv_sec=1, tv_nsec=0}`, from the bytes of the struct. */
export function structText(layout: Struct, view: DataView, context: Context, valueText: KindText): string {
  const brief = !context.options.full && layout.brief !== undefined
  const fields = brief ? layout.fields.slice(0, layout.brief) : layout.fields
  const parts = fields.flatMap(field => fieldText(field, view, context, valueText) ?? [])
  return `{${parts.join(', ')}${brief ? ', ...' : ''}}`
}

export function structAt(name: string, value: bigint, context: Context, valueText: KindText): string {
  const layout = structOf(name, context.memory.model)
  if (!layout || context.options.addressesOnly) return address(value)
  const view = readView(context.memory, value, layout.size)
  return view ? structText(layout, view, context, valueText) : address(value)
}

function readCell(kind: string, value: bigint, { memory }: Context): bigint | undefined {
  const bytes = cellBytes(kind, memory.model)
  const word = readWord(memory, value, bytes)
  const isShortTime = kind === 'time' && bytes === 4
  return word !== undefined && isShortTime ? BigInt.asUintN(64, BigInt.asIntN(32, word)) : word
}

const ARROW = ' => '

/**
 * `[5]`, or `[5 => 7]` if the call changed the value; a moved offset is `[5] => [7]`, as soon as
 * the call did something.
 */
export const cell =
  (kind: string, valueText: KindText, between: string = ARROW): Printer =>
  (value, context) => {
    const now = readCell(kind, value, context)
    if (now === undefined) return address(value)
    const before = context.remembered.get(value)
    const text = valueText(kind, now, context)
    const isMoved = between !== ARROW && (context.outcome?.value ?? 0n) > 0n
    return before === undefined || (before === now && !isMoved)
      ? `[${text}]`
      : `[${valueText(kind, before, context)}${between}${text}]`
  }

export const rememberCell =
  (kind: string) =>
  (value: bigint, context: Context): bigint | undefined =>
    value === 0n ? undefined : readCell(kind, value, context)

/** An array of structs or of single values. */
export function itemsAt(
  element: string,
  value: bigint,
  count: bigint,
  context: Context,
  valueText: KindText,
): string {
  const layout = structOf(element, context.memory.model)
  const bytes = layout?.size ?? cellBytes(element, context.memory.model)
  return arrayText(value, count, bytes, context, at => {
    if (!layout) {
      const word = readCell(element, at, context)
      return word === undefined ? undefined : valueText(element, word, context)
    }
    const view = readView(context.memory, at, bytes)
    return view && structText(layout, view, context, valueText)
  })
}

/**
 * `sembuf,2u`: argument 2, an unsigned int, has the length. `kexec_segment,1<16`: the kernel
 * accepts at most 16.
 */
const COUNTED = /^(\w+),(\d)(u?)(?:<(\d+))?$/

/** The length of the array is an argument. */
export const items =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const [, element = '', index = '0', bits, most] = COUNTED.exec(operand) ?? []
    const said = argument(context, Number(index))
    const count = bits === '' ? said : BigInt.asUintN(32, said)
    if (most !== undefined && count > BigInt(most)) return address(value)
    return itemsAt(element, value, count, context, valueText)
  }

/** The length of the array is the result. */
export const results =
  (element: string, valueText: KindText): Printer =>
  (value, context) =>
    itemsAt(element, value, context.outcome?.value ?? 0n, context, valueText)
