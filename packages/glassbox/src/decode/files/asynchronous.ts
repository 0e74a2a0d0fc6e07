/** Kernel AIO: control blocks and their results. Sources: io_submit(2), linux/aio_abi.h. */
import { readStruct, unsigned } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import type { StructValues } from '../../linux/schema/layouts.ts'
import { pointerBytes } from '../../linux/schema/models.ts'
import { arrayText } from '../basic/arrays.ts'
import { argument, type Context, type Printer } from '../context.ts'
import { ioPriorityCall } from '../basic/flag-words.ts'
import { readPointer } from '../memory.ts'
import { named, nameIn, setText } from '../names.ts'
import { buffer, vectors } from '../basic/strings.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

type Block = StructValues['iocb']

/** The parts of a control block that each command uses. */
const SHAPES: Readonly<Record<number, 'buffer' | 'vectors' | 'poll'>> = {
  [linux.IOCB_CMD_PREAD]: 'buffer',
  [linux.IOCB_CMD_PWRITE]: 'buffer',
  [linux.IOCB_CMD_POLL]: 'poll',
  [linux.IOCB_CMD_PREADV]: 'vectors',
  [linux.IOCB_CMD_PWRITEV]: 'vectors',
}

const priorityText = (value: bigint, options: TextOptions): string =>
  named(hex(value), ioPriorityCall(value, options), options)

const descriptorText = (fd: number, { descriptor }: TextOptions): string => `${fd}${descriptor?.(fd) ?? ''}`

/** The members that every block has: its owner, its command, its descriptor. */
function headParts(block: Block, options: TextOptions): string[] {
  const { aio_key: key, aio_rw_flags: rw, aio_reqprio: priority } = block
  const hasPriority = (block.aio_flags & linux.IOCB_FLAG_IOPRIO) !== 0
  const priorityShown = hasPriority ? priorityText(BigInt(priority & 0xffff), options) : String(priority)
  return [
    `aio_data=${hex(block.aio_data)}`,
    ...(key === 0 ? [] : [`aio_key=${key}`]),
    ...(rw === 0 ? [] : [`aio_rw_flags=${setText('|rwf', BigInt(rw), options)}`]),
    `aio_lio_opcode=${setText('=iocb_cmd', BigInt(block.aio_lio_opcode), options)}`,
    ...(priority === 0 && !hasPriority ? [] : [`aio_reqprio=${priorityShown}`]),
    `aio_fildes=${descriptorText(block.aio_fildes, options)}`,
  ]
}

function controlBlock(block: Block, context: Context): string {
  const { options } = context
  const { aio_lio_opcode: command, aio_nbytes: bytes, aio_flags: flags } = block
  const parts = headParts(block, options)
  if (nameIn('iocb_cmd', BigInt(command)) === undefined) return `{${parts.join(', ')}}`
  const pointer = unsigned(block.aio_buf)
  const shape = SHAPES[command]
  const offset = `aio_offset=${block.aio_offset}`
  if (shape === 'buffer') {
    const isOutput = command === linux.IOCB_CMD_PWRITE
    const shown = isOutput ? buffer(pointer, Number(bytes), context) : hex(pointer)
    parts.push(`aio_buf=${shown}`, `aio_nbytes=${bytes}`, offset)
  } else if (shape === 'vectors') {
    const isOutput = command === linux.IOCB_CMD_PWRITEV
    const shown = isOutput ? vectors(pointer, unsigned(bytes), Infinity, context) : address(pointer)
    parts.push(`aio_buf=${shown}`, offset)
  } else if (shape === 'poll') parts.push(`aio_buf=${setText('|poll', pointer & 0xffffffffn, options)}`)
  // The other commands use nothing of what follows.
  if (shape === undefined) return `{${parts.join(', ')}}`
  if (flags !== 0) parts.push(`aio_flags=${setText('|iocb_flags', BigInt(flags), options)}`)
  const isTold = (flags & linux.IOCB_FLAG_RESFD) !== 0
  if (isTold) parts.push(`aio_resfd=${descriptorText(block.aio_resfd, options)}`)
  else if (block.aio_resfd !== 0) parts.push(`aio_resfd=${hex(block.aio_resfd >>> 0)}`)
  return `{${parts.join(', ')}}`
}

/** A block that is cancelled: the call does not need the other members. */
export const controlBlockHead: Printer = (value, { memory, options }) => {
  const block = readStruct(memory, value, 'iocb')
  return block ? `{${headParts(block, options).join(', ')}}` : address(value)
}

const controlBlockAt: Printer = (value, context) => {
  const block = readStruct(context.memory, value, 'iocb')
  return block ? controlBlock(block, context) : address(value)
}

/** An array of pointers to control blocks. */
export const controlBlocks =
  (operand: string): Printer =>
  (value, context) =>
    arrayText(
      value,
      BigInt.asIntN(64, argument(context, Number(operand))),
      pointerBytes(context.memory.model),
      context,
      at => {
        const pointer = readPointer(context.memory, at)
        if (pointer === undefined) return undefined
        return pointer === 0n ? 'NULL' : controlBlockAt(pointer, context)
      },
    )
