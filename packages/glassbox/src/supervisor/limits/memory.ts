/**
 * The memory of a program: a lower bound of its peak. Resident pages are summed over all
 * processes, which costs microseconds but counts shared pages several times. Only if that sum is
 * above the limit, the proportional share of each process is read, which counts every page once
 * and costs milliseconds.
 */
import { syscall } from '../../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { type AsProgram, type Identity, lookingAs } from '../paths/as-program.ts'

const OPENAT = syscallNumber('openat')
const READ = syscallNumber('read')
const CLOSE = syscallNumber('close')
const PAGE = 4096
const KIB = 1024
const FEW = 8

/** More than each of the files has that is read here. */
const room = new Uint8Array(4096)

/** The text of a file of /proc; empty if the process has ended, or may not be looked at. */
function textOf(path: string): string {
  const fd = syscall(OPENAT, AT_FDCWD, Buffer.from(`${path}\0`, 'latin1'), O_RDONLY | O_CLOEXEC, 0)
  if (fd < 0) return ''
  const length = syscall(READ, fd, room, room.length)
  syscall(CLOSE, fd)
  return length > 0 ? Buffer.from(room.buffer, 0, length).toString('latin1') : ''
}

const residentBytes = (pid: number): number =>
  PAGE * Number(textOf(`/proc/${pid}/statm`).split(' ', 2)[1] ?? 0)

/** A row such as `Pss:   1234 kB`. */
function kibOf(text: string, row: string): number {
  const at = text.indexOf(`\n${row}:`)
  return at < 0 ? 0 : KIB * Number.parseInt(text.slice(at + row.length + 2), 10)
}

/** `undefined` if the process may not be looked at: it made itself undumpable. */
function proportionalBytes(pid: number): number | undefined {
  const text = textOf(`/proc/${pid}/smaps_rollup`)
  return text === '' ? undefined : kibOf(text, 'Pss')
}

export class MemoryPeak {
  readonly #limit: number
  readonly #look: AsProgram
  peak = 0

  /** `user`: the ids of the program; undefined if they are those of this process. */
  constructor(limit: number, user: Identity | undefined) {
    this.#limit = limit
    this.#look = lookingAs(user)
  }

  /** Measures the processes now. Returns true if they have more than the limit together. */
  exceeds(pids: Iterable<number>): boolean {
    const resident = Array.from(pids, pid => [pid, residentBytes(pid)] as const)
    let total = resident.reduce((sum, [, bytes]) => sum + bytes, 0)
    if (total > this.#limit && resident.length > 1)
      // What has ended meanwhile has no memory any more.
      total = this.#look(() =>
        resident.reduce((sum, [pid]) => sum + (proportionalBytes(pid) ?? residentBytes(pid)), 0),
      )
    this.peak = Math.max(this.peak, total)
    return total > this.#limit
  }

  /**
   * A process is about to end, and still has its memory. Its own peak is part of the program's,
   * and `pids`, if they are few, may have more together now than at any look. Returns true if they
   * have more than the limit.
   */
  ending(pid: number, pids: readonly number[]): boolean {
    this.peak = Math.max(this.peak, kibOf(textOf(`/proc/${pid}/status`), 'VmHWM'))
    return pids.length > 1 && pids.length <= FEW && this.exceeds(pids)
  }
}
