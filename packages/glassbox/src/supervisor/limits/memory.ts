/**
 * The memory of a program: a lower bound of its peak. Resident pages are summed over all
 * processes, which costs microseconds but counts shared pages several times. Only if that sum is
 * above the limit, the proportional share of each process is read, which counts every page once
 * and costs milliseconds.
 */
import { readFileSync } from 'node:fs'
import { type AsProgram, type Identity, lookingAs } from '../paths/as-program.ts'

const PAGE = 4096
const KIB = 1024
const FEW = 8

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // it has ended, or may not be looked at
  }
}

const residentBytes = (pid: number): number =>
  PAGE * Number(textOf(`/proc/${pid}/statm`).split(' ', 2)[1] ?? 0)

const kibOf = (text: string, row: string): number =>
  KIB * Number(new RegExp(`^${row}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0)

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
      total = this.#look(() =>
        resident.reduce((sum, [pid, bytes]) => sum + (proportionalBytes(pid) ?? bytes), 0),
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
