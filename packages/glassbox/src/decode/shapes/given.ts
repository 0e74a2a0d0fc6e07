/**
 * Structs of which another argument gives the size, as bpf(2) has them: what the size leaves out
 * is zero, fields of newer kernels are shown only if the size reaches them, and bytes behind the
 * last field are told if they are not zero.
 */
import { StructView, viewAt } from '../../codec/struct-view.ts'
import { type Shape, type ShapeField, shapeOf } from '../../linux/shapes.ts'
import { bytesBehind } from '../basic/sized.ts'
import { argument, type Context, type Printer, type KindText } from '../context.ts'
import { buffer } from '../basic/strings.ts'
import { membersAt } from './members.ts'
import { address, escaped } from '../text.ts'
import { wordsAt } from './rows.ts'
import { hasField, structsAt, structText } from './struct-text.ts'

/** Larger sizes are not read. */
const MOST_BYTES = 4096n

/** `SHAPE,N[,NAME[,FIELD]]` */
interface Operand {
  readonly shape: Shape | undefined
  readonly sizeAt: number
  /** Empty if the struct has no braces of its own. */
  readonly wrapper: string
  /** The field that the kernel changes. */
  readonly changing: string | undefined
}

function parse(operand: string): Operand {
  const [name = '', sizeAt, wrapper = '', changing] = operand.split(',')
  return { shape: shapeOf(name), sizeAt: Number(sizeAt), wrapper, changing }
}

/** The fields that a struct of this size has. A string may end with the struct. */
function fieldsWithin(shape: Shape, size: number): readonly ShapeField[] {
  const end = shape.fields.findIndex(({ isStep, offset }) => isStep && offset >= size)
  const fields = end < 0 ? shape.fields : shape.fields.slice(0, end)
  return fields.map(field =>
    field.kind.type === 'chars'
      ? { ...field, size: Math.min(field.size, Math.max(0, size - field.offset)) }
      : field,
  )
}

/** Where the fields end that this struct has, of all that its size could have. */
function knownEnd(shape: Shape, struct: StructView): number {
  const used = shape.fields.filter(field => hasField({ ...field, isOptional: false }, struct, true))
  return Math.max(...used.map(({ offset, size }) => offset + size))
}

/** `, extra_data="\x01" /* bytes 16..16 *\/` */
function extraData(bytes: Uint8Array, from: number, isFull: boolean): string {
  const extra = bytes.subarray(from)
  if (extra.every(byte => byte === 0)) return ''
  if (!isFull) return ', ...'
  return `, extra_data="${escaped(extra, 'all')}" /* bytes ${from}..${from + extra.length - 1} */`
}

/** The bytes that the size gives; `undefined` if they are none, too many, or cannot be read. */
function givenBytes(value: bigint, sizeAt: number, context: Context): Uint8Array | undefined {
  const size = BigInt.asUintN(32, argument(context, sizeAt))
  if (size === 0n || size > MOST_BYTES) return undefined
  const bytes = context.memory.read(value, Number(size))
  return bytes.length < Number(size) ? undefined : bytes
}

/** Whether the struct is shown, and not its address. */
export const isGiven = (value: bigint, sizeAt: number, context: Context): boolean =>
  !context.options.addressesOnly && givenBytes(value, sizeAt, context) !== undefined

/** The struct, with zeros for what was not given. */
function wholeStruct(shape: Shape, bytes: Uint8Array, at: bigint, context: Context): StructView {
  const whole = new Uint8Array(Math.max(shape.size, bytes.length))
  whole.set(bytes)
  return new StructView(shape.layout, new DataView(whole.buffer), at, context)
}

export const given =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const { shape, sizeAt, wrapper, changing } = parse(operand)
    const bytes = givenBytes(value, sizeAt, context)
    if (!shape || !bytes) return address(value)
    const struct = wholeStruct(shape, bytes, value, context)
    const fields = fieldsWithin(shape, bytes.length)
    const text = structText(struct, shape, context, valueText, fields)
    const told = changing === undefined ? text : withBefore(text, changing, struct, context)
    const inner = wrapper === '' ? told.slice(1, -1) : `${wrapper}=${told}`
    return `{${inner}${extraData(bytes, knownEnd(shape, struct), context.options.full === true)}}`
  }

/** `info_len=16 => 88` */
function withBefore(text: string, name: string, struct: StructView, { remembered }: Context): string {
  const before = remembered.get(struct.at)
  const after = struct.numberOf(name)
  if (before === undefined || before === after) return text
  return text.replace(`${name}=${after}`, `${name}=${before} => ${after}`)
}

/** The number in the field that the kernel changes, as it is at the entry. */
export const rememberGiven = (operand: string) => {
  const { shape, sizeAt, changing } = parse(operand)
  return (value: bigint, context: Context): bigint | undefined => {
    const bytes = changing === undefined ? undefined : givenBytes(value, sizeAt, context)
    return shape && bytes && changing !== undefined
      ? wholeStruct(shape, bytes, value, context).numberOf(changing)
      : undefined
  }
}

/**
 * A struct that is an address if the size that argument N gives is less than its own, or with
 * `page`, more than a page.
 */
export const sizedShape =
  (operand: string, valueText: KindText): Printer =>
  (value, context) => {
    const { shape, sizeAt, wrapper: most } = parse(operand)
    const size = BigInt.asUintN(32, argument(context, sizeAt))
    const isSize = shape && size >= BigInt(shape.size) && (most !== 'page' || size <= MOST_BYTES)
    const struct = isSize ? viewAt(shape.layout, value, context) : undefined
    if (!shape || !struct) return address(value)
    const text = structText(struct, shape, context, valueText)
    return `${text.slice(0, -1)}${bytesBehind(value, shape.size, size, context)}}`
  }

/** `KIND/BYTES,N` or `{SHAPE},N`: as many elements as argument N says, or (`ret`) the result. */
export const counted = (operand: string, valueText: KindText): Printer => {
  const [element = '', index] = operand.split(',')
  const [kind = '', bytes] = element.split('/')
  return (value, context) => {
    const said = index === 'ret' ? (context.outcome?.value ?? 0n) : argument(context, Number(index))
    const count = BigInt.asUintN(32, said)
    return bytes === undefined
      ? structsAt(kind.slice(1, -1), value, count, context, valueText)
      : wordsAt(kind, Number(bytes), value, count, context, valueText)
  }
}

/** `SHAPE,N,FIELD`: bytes, as many as the field of the struct that argument N points to says. */
export const sizedBy = (operand: string, valueText: KindText): Printer => {
  const [name = '', index, field = ''] = operand.split(',')
  return (value, context) => {
    const members = membersAt(name, argument(context, Number(index)), context, valueText)
    return members ? buffer(value, Number(members.number(field)), context) : address(value)
  }
}
