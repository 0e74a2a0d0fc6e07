/** struct msghdr of sendmsg(2) and recvmsg(2). */
import { EFAULT } from '../../../linux/errno-numbers.ts'
import type { Task } from '../../task/state.ts'

export interface Header {
  readonly address: number
  readonly addressLength: number
  readonly vector: number
  readonly count: number
  readonly control: number
  readonly controlLength: number
}

export const HEADER_BYTES = 56
/** struct mmsghdr: a header, and how many bytes were moved. */
export const MANY_BYTES = 64
export const FIELDS = { addressLength: 8, controlLength: 40, flags: 48 } as const

const header = new Uint8Array(HEADER_BYTES)
const view = new DataView(header.buffer)
const word = (at: number): number => Number(view.getBigUint64(at, true))

/** Reads one, or a negative errno. */
export function readHeader(task: Task, at: number): Header | number {
  if (task.memory.read(at, header, 0, HEADER_BYTES) !== 0) return -EFAULT
  const [vector, count, control, controlLength] = [word(16), word(24), word(32), word(FIELDS.controlLength)]
  const addressLength = view.getInt32(FIELDS.addressLength, true)
  return { address: word(0), addressLength, vector, count, control, controlLength }
}
