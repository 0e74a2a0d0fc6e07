/** struct clone_args of clone3(2). A member is shown if a flag says that the kernel uses it. */
import { struct, unsigned } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import { STRUCTS } from '../../linux/structs.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { bytesBehind } from '../basic/sized.ts'
import { itemsAt, type KindText, structText } from '../basic/structs.ts'
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
/** CLONE_ARGS_SIZE_VER0: up to the first member that is younger. The kernel refuses less. */
const firstBytes = (): bigint => BigInt(offsetOf('clone_args', 'set_tid'))

/** `{flags=…} => {parent_tid=[7]}`: the second part is known after the call. */
export const cloneArguments =
  (valueText: KindText): Printer =>
  (value, context) => {
    const layout = STRUCTS['clone_args']
    const size = argument(context, 1)
    if (!layout || size < firstBytes() || context.options.addressesOnly) return address(value)
    const known = Number(size < BigInt(layout.size) ? size : layout.size)
    const given = readView(context.memory, value, known)
    if (!given) return address(value)
    // Members that the caller's size leaves out are zero.
    const view = new DataView(new ArrayBuffer(layout.size))
    new Uint8Array(view.buffer).set(bytesOf(given))
    const members = struct('clone_args').read(view)
    const flags = unsigned(members.flags)
    const count = unsigned(members.set_tid_size)
    const isListed = unsigned(members.set_tid) !== 0n
    const all = layout.fields.map(field =>
      field.name === 'set_tid_size' && isListed ? { ...field, optional: false } : field,
    )
    const fields = all.filter(({ name, offset }) => {
      const needed = FLAGGED[name]
      if (offset >= known) return false
      if (name === 'cgroup' && members.cgroup !== 0) return true
      return needed === undefined || (flags & needed) !== 0n
    })
    const inner: KindText = (kind, member, within) =>
      kind !== 'settid'
        ? valueText(kind, member, within)
        : count === 0n
          ? address(member)
          : itemsAt('int', member, count, within, valueText)
    const shown = structText({ size: layout.size, fields }, view, context, inner)
    const text = `${shown.slice(0, -1)}${bytesBehind(value, layout.size, size, context)}}`
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
