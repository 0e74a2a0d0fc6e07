/**
 * Makes what is started the first to be killed if the host runs out of memory. Raising the score
 * needs no privilege. If root raises it, the program cannot lower it again; see
 * proc_pid_oom_score_adj(5).
 */
import { cString, syscall } from '../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { type PlanBuilder, text } from '../plan/builder.ts'

const PATH = '/proc/self/oom_score_adj'
const HIGHEST = '1000'
const OPENAT = syscallNumber('openat')
const WRITE = syscallNumber('write')
const CLOSE = syscallNumber('close')

/** Steps for a process that shares its memory with no other: the score is one of the memory. */
export function addOomScoreSteps(builder: PlanBuilder): void {
  const fd = builder.slot('score')
  const bytes = Buffer.from(HIGHEST)
  builder
    .call('openat', [AT_FDCWD, text(PATH), O_WRONLY | O_CLOEXEC, 0], `open ${PATH}`, {
      result: fd,
      // In some containers all of /proc is read-only. The memory limit holds there too.
      onError: [ERRNO.EROFS],
    })
    .call('write', [fd, { bytes }, bytes.length], `write ${PATH}`, { onError: [ERRNO.EBADF] })
    .call('close', [fd], `close ${PATH}`, { onError: [ERRNO.EBADF] })
}

/**
 * The same for another process, from outside. Fails without a word: in some containers all of
 * /proc is read-only, and a program that no user may read belongs to root of the host.
 */
export function raiseOomScore(pid: number): void {
  const fd = syscall(OPENAT, AT_FDCWD, cString(`/proc/${pid}/oom_score_adj`), O_WRONLY | O_CLOEXEC, 0)
  if (fd < 0) return
  syscall(WRITE, fd, Buffer.from(HIGHEST), HIGHEST.length)
  syscall(CLOSE, fd)
}
