/**
 * The stubs of a kernel thread, in memory that it shares with its maker. If the thread dies, the
 * host kills its stubs, and its maker takes their ends: else they stayed zombies of the process.
 */
import { syscall } from '../../../gate/gate.ts'
import { __WALL } from '../../../linux/constants.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'

/** Stubs beyond so many are not listed. */
const MOST = 4096
const WAIT4 = syscallNumber('wait4')

export class StubList {
  readonly #pids: Int32Array

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(MOST * 4)) {
    this.#pids = new Int32Array(shared)
  }

  get shared(): SharedArrayBuffer {
    return this.#pids.buffer as SharedArrayBuffer
  }

  add(pid: number): void {
    const free = this.#pids.indexOf(0)
    if (free >= 0) this.#pids[free] = pid
  }

  /** Its end was taken. */
  remove(pid: number): void {
    const at = this.#pids.indexOf(pid)
    if (at >= 0) this.#pids[at] = 0
  }

  clear(): void {
    this.#pids.fill(0)
  }

  /** The thread is dead: takes the ends of its stubs, which the host has killed. */
  reap(): void {
    for (const pid of this.#pids) if (pid !== 0) syscall(WAIT4, pid, 0, __WALL, 0)
    this.clear()
  }
}

/** The list of this thread. */
let ofThread: StubList | undefined

/** From now on the stubs of this thread are listed there. */
export function listStubsIn(shared: SharedArrayBuffer): void {
  ofThread = new StubList(shared)
}

export const stubsOfThread = (): StubList => (ofThread ??= new StubList())
