/**
 * Calls of run() at once, as far as the process has descriptors for them. Each box takes some, and
 * a service with `ulimit -n 256` may be asked for 200 programs at a time. A call that finds too
 * few waits until another one needs fewer or has ended.
 *
 * How many a process has left is seen without counting: the kernel gives the lowest free number,
 * so many are free above a high number that is not in use. If no other call runs, none is waited
 * for: the call then fails by the error that names the limit.
 */
import { softLimit } from '../gate/errno-hint.ts'
import { syscall } from '../gate/gate.ts'
import { F_GETFD, RLIMIT_NOFILE } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Cancel } from './cancel.ts'

/** What a call opens at most until its program runs; afterwards it keeps about a third. */
const FOR_START = 24
/** For calls that end, which open files to collect them, and for the rest of the process. */
const FOR_OTHERS = 24
/** With a limit above this, calls run out of processes and memory first. */
const PLENTY = 2 ** 17
const FCNTL = syscallNumber('fcntl')

/** Whether at least `count` descriptors are free. */
function areFree(count: number): boolean {
  const limit = softLimit(RLIMIT_NOFILE) ?? 0
  return limit > PLENTY || syscall(FCNTL, limit - count, F_GETFD) === -ERRNO.EBADF
}

/** The part of a call in which it takes up descriptors. */
export interface DescriptorTurn {
  /** Its program runs, or could not be started. */
  readonly started: () => void
  readonly ended: () => void
}

export class DescriptorTurns {
  readonly #areFree: (count: number) => boolean
  readonly #waiting = new Set<() => void>()
  #starting = 0
  #running = 0

  /** `areFree`: tests pass their own. */
  constructor(isFree: (count: number) => boolean = areFree) {
    this.#areFree = isFree
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Begins a turn. Returns undefined if it has begun; otherwise a promise that resolves when it
   * has, or when the call is canceled.
   */
  begin(cancel: Cancel): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.#hasRoom()) {
      this.#admit()
      return undefined
    }
    return new Promise(resolve => {
      const enter = (): void => {
        this.#waiting.delete(enter)
        letGo()
        this.#admit()
        resolve()
      }
      this.#waiting.add(enter)
      const letGo = cancel.onAbort(enter)
    })
  }

  /** The turn that `begin` has begun. Each of its ends counts once. */
  turn(): DescriptorTurn {
    let isStarting = true
    let isRunning = true
    const started = (): void => {
      if (!isStarting) return
      isStarting = false
      this.#starting--
      this.#next()
    }
    const ended = (): void => {
      started()
      if (!isRunning) return
      isRunning = false
      this.#running--
      this.#next()
    }
    return { started, ended }
  }

  #admit(): void {
    this.#starting++
    this.#running++
  }

  #hasRoom(): boolean {
    return this.#running === 0 || this.#areFree(FOR_START * (this.#starting + 1) + FOR_OTHERS)
  }

  #next(): void {
    for (const enter of this.#waiting) {
      if (!this.#hasRoom()) return
      enter()
    }
  }
}

/** Those of this thread. Threads share the descriptors, so each sees what the others have left. */
export const descriptorTurns: DescriptorTurns = new DescriptorTurns()
