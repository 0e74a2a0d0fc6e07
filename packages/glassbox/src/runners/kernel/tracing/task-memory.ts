/**
 * Memory of a task for handlers of a trace: what there is of a range, and writing as a debugger
 * does, over protections that only hold for the program itself.
 */
import { PROT_READ, PROT_WRITE } from '../../../linux/constants.ts'
import { protect } from '../../../kernel/mm/protect.ts'
import type { Task } from '../../../kernel/task/state.ts'

const PAGE = 4096

/** Fewer bytes than `length` if the memory ends before. */
export function readMemory(task: Task, address: bigint, length: number): Uint8Array {
  const target = new Uint8Array(length)
  const done = byPages(address, length, (at, offset, count) => task.memory.read(at, target, offset, count))
  return target.subarray(0, done)
}

/** How many bytes could be written. */
export const writeMemory = (task: Task, address: bigint, bytes: Uint8Array): number =>
  byPages(address, bytes.length, (at, offset, count) => writePage(task, at, bytes, offset, count))

function writePage(task: Task, at: number, bytes: Uint8Array, offset: number, count: number): number {
  const done = task.memory.write(at, bytes, offset, count)
  const area = task.addressSpace.areas.find(at)
  // As ptrace(2): what other processes or a file would see is not written without the right to it.
  if (done === 0 || !area || area.shared) return done
  const { protection } = area
  const page = at - (at % PAGE)
  if (protect(task.addressSpace, page, page + PAGE, protection | PROT_READ | PROT_WRITE) !== 0) return done
  try {
    return task.memory.write(at, bytes, offset, count)
  } finally {
    protect(task.addressSpace, page, page + PAGE, protection)
  }
}

/** The kernel answers for a whole range; a trace wants what there is of it. Returns how much. */
function byPages(
  address: bigint,
  length: number,
  move: (at: number, offset: number, count: number) => number,
): number {
  const start = Number(address)
  if (!Number.isSafeInteger(start)) return 0
  let done = 0
  while (done < length) {
    const count = Math.min(length - done, PAGE - ((start + done) % PAGE))
    if (move(start + done, done, count) < 0) break
    done += count
  }
  return done
}
