/**
 * What signals prove. A program can send itself each of them, also with the kernel's si_code, so
 * SIGXFSZ counts only together with a call that grew a file and failed for it. SIGXCPU is judged
 * by the CPU clock alone (limits/watch.ts). SIGSYS proves nothing: the filter of a program's spec
 * never kills, it stops; so only a filter of the program's own can have sent it.
 */
import { syscall } from '../../gate/gate.ts'
import { cappedLimit } from '../../launch/resource-limits.ts'
import { RLIMIT_FSIZE } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { USER_REGS } from '../../linux/user-regs.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { readRegisters } from '../../ptrace/tracee/registers.ts'
import { fileSizeLimit } from '../limits/file-size.ts'
import type { Task } from './program.ts'

const SIGXFSZ = signalNumber('SIGXFSZ')
const TGKILL = syscallNumber('tgkill')

/** The calls that fail with EFBIG at RLIMIT_FSIZE. */
const GROWING: ReadonlySet<number> = new Set(
  [
    ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'truncate', 'ftruncate', 'fallocate'],
    ...['sendfile', 'copy_file_range', 'splice'],
  ].map(syscallNumber),
)
const EFBIG = BigInt.asUintN(64, BigInt(-ERRNO.EFBIG))

function isAtFileLimit(tid: number): boolean {
  const registers = readRegisters(tid)
  if (!registers) return false
  return (
    registers[USER_REGS.rax] === EFBIG &&
    GROWING.has(Number(BigInt.asUintN(32, registers[USER_REGS.orig_rax] ?? 0n)))
  )
}

/**
 * Whether the limit of the thread is still that of its program. A program can lower its own, and
 * that is not ours to report.
 */
function hasOurLimit({ tid, program }: Task): boolean {
  const { value } = cappedLimit(RLIMIT_FSIZE, program.spec.limits.fileSizeBytes, '')
  return fileSizeLimit(tid) === value
}

/**
 * A call that the supervisor made for the thread failed at the limit: sends what the kernel sends.
 */
export function growsTooFar(task: Task): void {
  task.grewTooFar = true
  syscall(TGKILL, task.pid, task.tid, SIGXFSZ ?? 0)
}

/** Notes what a signal proves that is about to be delivered. */
export function noteSignal(task: Task, signal: number): void {
  const { program } = task
  // The last one of the first process decides, because its death is what the verdict is about.
  if (signal === SIGXFSZ && (task.pid === program.root || !program.fileAtLimit))
    program.fileAtLimit = (task.grewTooFar || isAtFileLimit(task.tid)) && hasOurLimit(task)
  if (signal === SIGXFSZ) task.grewTooFar = false
}
