/** struct clone_args of clone3(2). A member is shown if a flag says that the kernel uses it. */
import { StructView } from '../../codec/struct-view.ts'
import * as linux from '../../linux/constants.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import { type ShapeField, shapeOf } from '../../linux/shapes.ts'
import { argument, type Context, type Printer, type KindText } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { bytesBehind } from '../basic/sized.ts'
import { structText } from '../shapes/struct-text.ts'
import { address } from '../text.ts'

const PIDFD = BigInt(linux.CLONE_PIDFD)
const PARENT_SETTID = BigInt(linux.CLONE_PARENT_SETTID)
/** Members, with the flags of which one must be set. */
const FLAGGED: Readonly<Record<string, bigint>> = {
  pidfd: PIDFD,
  child_tid: BigInt(linux.CLONE_CHILD_SETTID | linux.CLONE_CHILD_CLEARTID),
  parent_tid: PARENT_SETTID,
  tls: BigInt(linux.CLONE_SETTLS),
  cgroup: BigInt(linux.CLONE_INTO_CGROUP),
}
/** Ids without a number are an address; a number is shown beside ids even if it is zero. */
function asUsed(field: ShapeField, struct: StructView): ShapeField {
  if (field.name === 'set_tid' && struct.numberOf('set_tid_size') === 0n)
    return { ...field, kind: kinds().addr }
  if (field.name === 'set_tid_size' && struct.numberOf('set_tid') !== 0n)
    return { ...field, isOptional: false }
  return field
}

/** CLONE_ARGS_SIZE_VER0: up to the first member that is younger. The kernel refuses less. */
const firstBytes = (): bigint => BigInt(offsetOf('clone_args', 'set_tid'))

/** `{flags=…} => {parent_tid=[7]}`: the second part is known after the call. */
export const cloneArguments =
  (valueText: KindText): Printer =>
  (value, context) => {
    const shape = shapeOf('clone_args')
    const size = argument(context, 1)
    if (!shape || size < firstBytes() || context.options.addressesOnly) return address(value)
    const known = Number(size < BigInt(shape.size) ? size : shape.size)
    const given = readView(context.memory, value, known)
    if (!given) return address(value)
    // Members that the caller's size leaves out are zero.
    const view = new DataView(new ArrayBuffer(shape.size))
    new Uint8Array(view.buffer).set(bytesOf(given))
    const struct = new StructView(shape.layout, view, value, context)
    const flags = struct.numberOf('flags')
    const fields = shape.fields
      .filter(({ name, offset }) => {
        const needed = FLAGGED[name]
        if (offset >= known) return false
        if (name === 'cgroup' && struct.numberOf(name) !== 0n) return true
        return needed === undefined || (flags & needed) !== 0n
      })
      .map(field => asUsed(field, struct))
    const shown = structText(struct, shape, context, valueText, fields)
    const text = `${shown.slice(0, -1)}${bytesBehind(value, shape.size, size, context)}}`
    return context.outcome?.failed === false ? text + results(value, flags, context, valueText) : text
  }

/** What the kernel wrote to the addresses in the struct. */
function results(value: bigint, flags: bigint, context: Context, valueText: KindText): string {
  const { memory } = context
  const cell = (member: 'pidfd' | 'parent_tid', kind: string): string => {
    const pointer = readWord(memory, value + BigInt(offsetOf('clone_args', member)), 8) ?? 0n
    const word = readWord(memory, pointer, 4)
    return word === undefined ? address(pointer) : `[${valueText(kind, word, context)}]`
  }
  const parts = [
    ...(flags & PIDFD ? [`pidfd=${cell('pidfd', 'fd')}`] : []),
    ...(flags & PARENT_SETTID ? [`parent_tid=${cell('parent_tid', 'tid')}`] : []),
  ]
  return parts.length === 0 ? '' : ` => {${parts.join(', ')}}`
}
