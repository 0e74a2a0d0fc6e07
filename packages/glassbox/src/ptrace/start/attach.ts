/** Attaches to running processes: to all of their threads, until a round finds no new one. */
import { readFileSync } from 'node:fs'
import { GlassboxError } from '../../errors.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { ERRNO } from '../../linux/errno.ts'
import type { Loop } from '../loop.ts'
import { interrupt, seize, seizeError, type SeizeOptions } from './seize.ts'
import { Task } from '../task.ts'
import { holdsUserFaults } from '../tracee/user-faults.ts'
import { procOf, relationsOf, threadsOf } from '../subject/proc-id.ts'

/**
 * If a process creates threads faster than this many rounds can find them, the threads found so
 * far are traced. The others are traced from birth.
 */
const MOST_ROUNDS = 1000

/**
 * Seizes a process, or without `follow` one thread of it. Returns the error if no thread could be
 * seized.
 */
export function attach(loop: Loop, pid: number, options: SeizeOptions): GlassboxError | undefined {
  const { tgid, parent } = relationsOf(pid)
  if (tgid === process.pid)
    return refused(
      `${pid} is this process itself`,
      'A process cannot trace itself. Attach from another process.',
    )
  // Otherwise the process's starter could take each ptrace-stop of it by a wait of its own, and
  // this tracer could take its end.
  if (parent === process.pid)
    return refused(
      `${pid} is a child of this process, which already waits for it`,
      'Start it with trace(), or attach from another process.',
    )
  if (!options.follow || tgid === undefined) return attachThread(loop, pid, tgid ?? pid, options)
  const error = attachThread(loop, pid, tgid, options)
  if (error) return error
  for (let round = 0, found = 1; found > 0 && round < MOST_ROUNDS; round++) {
    found = 0
    for (const tid of threadsOf(tgid))
      if (!loop.tasks.has(tid) && !attachThread(loop, tid, tgid, options)) found++
  }
  return undefined
}

function attachThread(
  loop: Loop,
  tid: number,
  pid: number,
  options: SeizeOptions,
): GlassboxError | undefined {
  if (loop.tasks.has(tid)) return undefined
  const task = new Task(tid, pid)
  const interrupted = currentCall(tid)
  const errno = seize(tid, options)
  if (errno !== 0) return seizeError(tid, errno)
  task.attaching = true
  task.isAttached = true
  if (interrupted !== undefined) task.last = { nr: interrupted, args: [] }
  loop.add(task)
  interrupt(tid)
  if (tid === pid && holdsUserFaults(pid)) loop.pagesMayBeMissing()
  return undefined
}

const RESTART_SYSCALL = syscallNumber('restart_syscall')

/**
 * The number of the call that a thread is blocked in. `undefined` if the thread runs, or if the
 * call is itself a restarted one.
 */
function currentCall(tid: number): number | undefined {
  try {
    const nr = Number.parseInt(readFileSync(`${procOf(tid)}/syscall`, 'latin1'), 10)
    return nr >= 0 && nr !== RESTART_SYSCALL ? nr : undefined
  } catch {
    return undefined
  }
}

const refused = (why: string, hint: string): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_SYSTEM', `attach: ${why}`, { hint, errno: ERRNO.EPERM, syscall: 'ptrace' })
