/**
 * Extensible structs, whose size the caller passes. If the size is too small, the address is
 * shown. Bytes after the known part are shown if they are not zero.
 */
import { StructView } from '../../codec/struct-view.ts'
import { SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_KEEP_POLICY } from '../../linux/constants.ts'
import { FIRST_SIZES } from '../../linux/schema/unions.ts'
import type { StructName } from '../../linux/schema/layouts.ts'
import { type Shape, shapeOf } from '../../linux/shapes.ts'
import { argument, type Context, type Printer, signed32, type KindText } from '../context.ts'
import { readView } from '../memory.ts'
import { structText } from '../shapes/struct-text.ts'
import { address, escaped } from '../text.ts'

const PAGE = 4096

/** `, /* bytes 88..95 *\/ "\\x00…"`. */
export function bytesBehind(value: bigint, from: number, size: bigint, context: Context): string {
  const end = Number(size < BigInt(PAGE) ? size : BigInt(PAGE))
  if (end <= from) return ''
  const bytes = context.memory.read(value + BigInt(from), end - from)
  if (bytes.length < end - from) return ', ???'
  if (bytes.every(byte => byte === 0)) return ''
  const shown = bytes.subarray(0, context.limit)
  const more = bytes.length > context.limit ? '...' : ''
  return `, /* bytes ${from}..${end - 1} */ "${escaped(shown, 'all')}"${more}`
}

/** The fields that lie whole in so many bytes. */
function beginning(shape: Shape, size: bigint): Shape {
  if (size >= BigInt(shape.size)) return shape
  const fields = shape.fields.filter(field => BigInt(field.offset + field.size) <= size)
  const last = fields.at(-1)
  return { ...shape, fields, size: last ? last.offset + last.size : 0 }
}

/**
 * `operand` is the argument that has the size. `...` stands for the rest of structs of which
 * strace knows only the beginning.
 */
export const sizedStruct = (operand: string, late: boolean, valueText: KindText): Printer => {
  const [name = '', index] = operand.split(',')
  if (name === 'sched_attr') return schedulingAttributes(index, late, valueText)
  return (value, context) => {
    const whole = shapeOf(name, context.model)
    const size = argument(context, Number(index))
    if (!whole || size < BigInt(FIRST_SIZES.get(name as StructName) ?? whole.size)) return address(value)
    const shape = beginning(whole, size)
    const view = readView(context.memory, value, shape.size)
    if (!view) return address(value)
    const struct = new StructView(shape.layout, view, value, context)
    const text = structText(struct, shape, context, valueText).slice(0, -1)
    if (name === 'landlock_ruleset_attr') return `${text}${size > BigInt(shape.size) ? ', ...' : ''}}`
    return `${text}${bytesBehind(value, shape.size, size, context)}}`
  }
}

/**
 * A struct whose first field is its size. What is less than the first version of the struct has
 * only that field.
 */
export const selfSized =
  (name: string, valueText: KindText): Printer =>
  (value, context) => {
    const whole = shapeOf(name, context.model)
    const said = sizeWithin(value, SIZE_BYTES, context)
    if (!whole || said < 0) return address(value)
    if (said < (FIRST_SIZES.get(name as StructName) ?? whole.size)) return `{size=${said}}`
    const shape = beginning(whole, BigInt(said))
    const view = readView(context.memory, value, Math.min(said, whole.size))
    if (!view) return `{size=${said}, ???}`
    const struct = new StructView(shape.layout, view, value, context)
    const text = structText(struct, shape, context, valueText).slice(0, -1)
    return `${text}${bytesBehind(value, shape.size, BigInt(said), context)}}`
  }

const SIZE_BYTES = 4

/** The size that a struct says, of which only so many bytes are there; -1: unreadable. */
function sizeWithin(value: bigint, room: number, { memory }: Context): number {
  const length = Math.min(room, SIZE_BYTES)
  const bytes = memory.read(value, length)
  return bytes.length < length ? -1 : bytes.reduceRight((word, byte) => word * 256 + byte, 0)
}

const KEEPS_NOTHING: ReadonlySet<string> = new Set()

const PARAMETERS = ['sched_nice', 'sched_priority', 'sched_runtime', 'sched_deadline', 'sched_period']

/** Fields that flags say to leave as they are. A policy below zero is refused before that. */
function keptFields(struct: StructView): ReadonlySet<string> {
  const word = struct.numberOf('sched_flags')
  const has = (flag: number): boolean => (word & BigInt(flag)) !== 0n
  const isKept = has(SCHED_FLAG_KEEP_POLICY) || has(SCHED_FLAG_KEEP_PARAMS)
  return new Set([
    ...(isKept && signed32(struct.numberOf('sched_policy')) >= 0 ? ['sched_policy'] : []),
    ...(has(SCHED_FLAG_KEEP_PARAMS) ? PARAMETERS : []),
  ])
}

/** struct sched_attr contains its own size. An argument says how much room the kernel has. */
const schedulingAttributes =
  (index: string | undefined, late: boolean, valueText: KindText): Printer =>
  (value, context) => {
    const shape = shapeOf('sched_attr')
    const first = FIRST_SIZES.get('sched_attr') ?? 0
    const room = index === undefined ? Infinity : Number(argument(context, Number(index)))
    const said = sizeWithin(value, late ? room : SIZE_BYTES, context)
    if (said < 0 || !shape || room === 0) return address(value)
    const size = said === 0 && !late ? first : said
    const read = Math.min(late ? room : size, shape.size)
    if (size < first && !late) return `{size=${size}}`
    const bytes = context.memory.read(value, read)
    if (bytes.length < read) return address(value)
    if (size < first) return `{size=${size}}`
    // As in strace: what there was no room for is shown as zero.
    const whole = new Uint8Array(shape.size)
    whole.set(bytes)
    const shown = size < shape.size ? first : shape.size
    const struct = new StructView(shape.layout, new DataView(whole.buffer), value, context)
    const kept = late ? KEEPS_NOTHING : keptFields(struct)
    const fields = shape.fields.filter(({ name, offset }) => offset < shown && !kept.has(name))
    const text = structText(struct, shape, context, valueText, fields)
    return !late && size > shape.size ? `${text.slice(0, -1)}, ...}` : text
  }
