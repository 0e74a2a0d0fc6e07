/** struct clone_args of clone3(2). A member is shown if a flag says that the kernel uses it. */
import { STRUCTS } from '../../linux/structs.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { bytesBehind } from '../basic/sized.ts'
import { itemsAt, type KindText, structText } from '../basic/structs.ts'
import { address } from '../text.ts'

const PIDFD = 0x1000n
const PARENT_SETTID = 0x100000n
/** Members, with the flags of which one must be set. */
const FLAGGED: Readonly<Record<string, bigint>> = {
  pidfd: PIDFD,
  child_tid: 0x1200000n,
  parent_tid: PARENT_SETTID,
  tls: 0x80000n,
  cgroup: 0x200000000n,
}
/** CLONE_ARGS_SIZE_VER0: the kernel refuses less. */
const FIRST_BYTES = 64n
const PIDFD_AT = 8n
const PARENT_TID_AT = 24n
const SET_TID_SIZE_AT = 72

/** `{flags=…} => {parent_tid=[7]}`: the second part is known after the call. */
export const cloneArguments =
  (valueText: KindText): Printer =>
  (value, context) => {
    const layout = STRUCTS['clone_args']
    const size = argument(context, 1)
    if (!layout || size < FIRST_BYTES || context.options.addressesOnly) return address(value)
    const known = Number(size < BigInt(layout.size) ? size : layout.size)
    const given = readView(context.memory, value, known)
    if (!given) return address(value)
    // Members that the caller's size leaves out are zero.
    const view = new DataView(new ArrayBuffer(layout.size))
    new Uint8Array(view.buffer).set(bytesOf(given))
    const flags = view.getBigUint64(0, true)
    const count = view.getBigUint64(SET_TID_SIZE_AT, true)
    const fields = layout.fields.filter(({ name, offset }) => {
      const needed = FLAGGED[name]
      if (offset >= known) return false
      if (name === 'cgroup' && view.getBigUint64(offset, true) !== 0n) return true
      return needed === undefined || (flags & needed) !== 0n
    })
    const inner: KindText = (kind, member, within) =>
      kind === 'settid' ? itemsAt('int', member, count, within, valueText) : valueText(kind, member, within)
    const shown = structText({ size: layout.size, fields }, view, context, inner)
    const text = `${shown.slice(0, -1)}${bytesBehind(value, layout.size, size, context)}}`
    return context.outcome?.failed === false ? text + results(value, flags, context, valueText) : text
  }

/** What the kernel wrote to the addresses in the struct. */
function results(value: bigint, flags: bigint, context: Context, valueText: KindText): string {
  const { memory } = context
  const cell = (offset: bigint, kind: string): string => {
    const pointer = readWord(memory, value + offset, 8) ?? 0n
    const word = readWord(memory, pointer, 4)
    return word === undefined ? address(pointer) : `[${valueText(kind, word, context)}]`
  }
  const parts = [
    ...(flags & PIDFD ? [`pidfd=${cell(PIDFD_AT, 'fd')}`] : []),
    ...(flags & PARENT_SETTID ? [`parent_tid=${cell(PARENT_TID_AT, 'tid')}`] : []),
  ]
  return parts.length === 0 ? '' : ` => {${parts.join(', ')}}`
}
