/** Attaching to processes that run: every thread of theirs, until no new one is found. */
import { readdirSync, readFileSync } from 'node:fs'
import { GlassboxError } from '../errors.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { ERRNO } from '../linux/errno.ts'
import type { Engine } from './engine.ts'
import { interrupt, seize, seizeError, type SeizeOptions } from './seize.ts'
import { Task } from './task.ts'

/** A process that makes threads faster than this many rounds find is left with what was found; the rest are traced from birth. */
const MOST_ROUNDS = 1000

/** Seizes a process (without `follow` one thread of it). The error, where nothing of it could be had. */
export function attach(engine: Engine, pid: number, options: SeizeOptions): GlassboxError | undefined {
  const tgid = processOf(pid)
  if (tgid === process.pid) {
    return new GlassboxError('ERR_GLASSBOX_SYSTEM', `attach: ${pid} is this process itself`, {
      hint: 'A process cannot trace itself: start another one for that.',
      errno: ERRNO.EPERM,
      syscall: 'ptrace',
    })
  }
  if (!options.follow || tgid === undefined) return attachThread(engine, pid, tgid ?? pid, options)
  const error = attachThread(engine, pid, tgid, options)
  if (error) return error
  for (let round = 0, found = 1; found > 0 && round < MOST_ROUNDS; round++) {
    found = 0
    for (const tid of threadsOf(tgid))
      if (!engine.tasks.has(tid) && !attachThread(engine, tid, tgid, options)) found++
  }
  return undefined
}

function attachThread(
  engine: Engine,
  tid: number,
  pid: number,
  options: SeizeOptions,
): GlassboxError | undefined {
  if (engine.tasks.has(tid)) return undefined
  const task = new Task(tid, pid)
  const interrupted = currentCall(tid)
  const errno = seize(tid, options)
  if (errno !== 0) return seizeError(tid, errno)
  task.attaching = true
  task.movable = false
  if (interrupted !== undefined) task.last = { nr: interrupted, args: [] }
  engine.add(task)
  interrupt(tid)
  return undefined
}

const RESTART_SYSCALL = syscallNumber('restart_syscall')

/** The number of the call that a thread is blocked in; `undefined` where it runs, or where it is itself a restarted one. */
function currentCall(tid: number): number | undefined {
  try {
    const nr = Number.parseInt(readFileSync(`/proc/${tid}/syscall`, 'latin1'), 10)
    return nr >= 0 && nr !== RESTART_SYSCALL ? nr : undefined
  } catch {
    return undefined
  }
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return []
  }
}

/** The process of a thread; `undefined` where there is none. */
function processOf(tid: number): number | undefined {
  try {
    const tgid = /^Tgid:\s*(\d+)/m.exec(readFileSync(`/proc/${tid}/status`, 'latin1'))?.[1]
    return tgid === undefined ? undefined : Number(tgid)
  } catch {
    return undefined
  }
}
