/**
 * What signals prove. A program can send itself each of these signals, also with the kernel's
 * si_code, so a signal counts only together with what the kernel did: a call that grew a file and
 * failed for it at the limit that was set for the program, or a death by SIGSYS that no delivery
 * came before.
 */
import { readFileSync } from 'node:fs'
import { ERRNO } from '../../linux/errno.ts'
import { USER_REGS } from '../../linux/ptrace.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { readRegisters } from '../../ptrace/tracee/registers.ts'
import type { Task } from './program.ts'

const SIGXFSZ = signalNumber('SIGXFSZ')
export const SIGSYS: number = signalNumber('SIGSYS') ?? 31

/** The calls that fail with EFBIG at RLIMIT_FSIZE. */
const GROWING: ReadonlySet<number> = new Set(
  [
    ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'truncate', 'ftruncate', 'fallocate'],
    ...['sendfile', 'copy_file_range', 'splice'],
  ].map(syscallNumber),
)
const EFBIG = BigInt.asUintN(64, BigInt(-ERRNO.EFBIG))

/** The file size limit that a thread has now. It may have lowered the one that it was given. */
function fileSizeLimit(tid: number): number | undefined {
  try {
    const soft = /^Max file size\s+(\d+)/m.exec(readFileSync(`/proc/${tid}/limits`, 'latin1'))?.[1]
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined // it is gone
  }
}

function isAtFileLimit({ tid, program }: Task): boolean {
  const registers = readRegisters(tid)
  if (!registers || fileSizeLimit(tid) !== program.spec.limits.fileSizeBytes) return false
  return (
    registers[USER_REGS.rax] === EFBIG &&
    GROWING.has(Number(BigInt.asUintN(32, registers[USER_REGS.orig_rax] ?? 0n)))
  )
}

/** Notes what a signal proves that is about to be delivered. */
export function noteSignal(task: Task, signal: number): void {
  const { program } = task
  if (signal === SIGSYS) program.sawSigsys.add(task.pid)
  // The last one of the first process decides, because its death is what the verdict is about.
  if (signal === SIGXFSZ && (task.pid === program.root || !program.fileAtLimit))
    program.fileAtLimit = isAtFileLimit(task)
}
