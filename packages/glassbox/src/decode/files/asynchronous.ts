/** Kernel AIO: control blocks and their results. Sources: io_submit(2), linux/aio_abi.h. */
import { arrayText } from '../basic/arrays.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { ioPriorityCall } from '../basic/flag-words.ts'
import { readView, readWord } from '../memory.ts'
import { named, nameIn, setText } from '../names.ts'
import { buffer, vectors } from '../basic/strings.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

const IOCB_BYTES = 64
const FLAG_RESFD = 1
const FLAG_IOPRIO = 2

/** The parts of a control block that each command uses. */
const SHAPES: Readonly<Record<number, 'data' | 'buffer' | 'vectors' | 'poll' | 'plain'>> = {
  0: 'buffer',
  1: 'buffer',
  5: 'poll',
  7: 'vectors',
  8: 'vectors',
}

const priorityText = (value: bigint, options: TextOptions): string =>
  named(hex(value), ioPriorityCall(value, options), options)

/** The members that every block has: its owner, its command, its descriptor. */
function headParts(view: DataView, options: TextOptions): string[] {
  const priority = view.getInt16(18, true)
  const fd = view.getInt32(20, true)
  const key = view.getUint32(8, true)
  const rw = view.getUint32(12, true)
  const hasPriority = (view.getUint32(56, true) & FLAG_IOPRIO) !== 0
  const priorityShown = hasPriority ? priorityText(BigInt(priority & 0xffff), options) : String(priority)
  return [
    `aio_data=${hex(view.getBigUint64(0, true))}`,
    ...(key === 0 ? [] : [`aio_key=${key}`]),
    ...(rw === 0 ? [] : [`aio_rw_flags=${setText('|rwf', BigInt(rw), options)}`]),
    `aio_lio_opcode=${setText('=iocb_cmd', BigInt(view.getUint16(16, true)), options)}`,
    ...(priority === 0 ? [] : [`aio_reqprio=${priorityShown}`]),
    `aio_fildes=${fd}${options.descriptor?.(fd) ?? ''}`,
  ]
}

function controlBlock(view: DataView, context: Context): string {
  const { options } = context
  const command = view.getUint16(16, true)
  const parts = headParts(view, options)
  if (nameIn('iocb_cmd', BigInt(command)) === undefined) return `{${parts.join(', ')}}`
  const pointer = view.getBigUint64(24, true)
  const bytes = view.getBigUint64(32, true)
  const flags = view.getUint32(56, true)
  const shape = SHAPES[command] ?? 'plain'
  const offset = `aio_offset=${view.getBigInt64(40, true)}`
  if (shape === 'buffer') {
    const shown = command === 1 ? buffer(pointer, Number(bytes), context) : hex(pointer)
    parts.push(`aio_buf=${shown}`, `aio_nbytes=${bytes}`, offset)
  } else if (shape === 'vectors') {
    const shown = command === 8 ? vectors(pointer, bytes, Infinity, context) : address(pointer)
    parts.push(`aio_buf=${shown}`, offset)
  } else if (shape === 'poll') parts.push(`aio_buf=${setText('|poll', pointer & 0xffffffffn, options)}`)
  if (flags & ~FLAG_RESFD) parts.push(`aio_flags=${setText('|iocb_flags', BigInt(flags), options)}`)
  const told = view.getInt32(60, true)
  if (flags & FLAG_RESFD) parts.push(`aio_resfd=${told}${options.descriptor?.(told) ?? ''}`)
  return `{${parts.join(', ')}}`
}

/** A block that is cancelled: the call does not need the other members. */
export const controlBlockHead: Printer = (value, { memory, options }) => {
  const view = readView(memory, value, IOCB_BYTES)
  return view ? `{${headParts(view, options).join(', ')}}` : address(value)
}

const controlBlockAt: Printer = (value, context) => {
  const view = readView(context.memory, value, IOCB_BYTES)
  return view ? controlBlock(view, context) : address(value)
}

/** An array of pointers to control blocks. */
export const controlBlocks =
  (operand: string): Printer =>
  (value, context) =>
    arrayText(value, BigInt.asIntN(64, argument(context, Number(operand))), 8, context, at => {
      const pointer = readWord(context.memory, at, 8)
      if (pointer === undefined) return undefined
      return pointer === 0n ? 'NULL' : controlBlockAt(pointer, context)
    })
