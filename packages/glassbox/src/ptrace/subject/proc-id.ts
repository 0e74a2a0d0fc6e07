/**
 * The place of a task in /proc. If /proc was mounted for another PID namespace than the tracer's
 * (`unshare -p` without a new /proc), tasks have other ids there. Every process has a list of its
 * ids, from the namespace of /proc down to its own: proc(5), NSpid. So the tracer's own list says
 * at which place its namespace stands.
 */
import { existsSync, fstatSync, readdirSync } from 'node:fs'
import { close } from '../../gate/descriptors.ts'
import { call, cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, NS_GET_PARENT, O_CLOEXEC } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { textOf } from './reading.ts'

const IOCTL = syscallNumber('ioctl')

/** The ids of a task, by its id in /proc; empty if it is gone. `list`: a line of its status. */
export function idsInProc(task: number | string, list: string): readonly number[] {
  const [, ids] = new RegExp(`^${list}:\t(.*)$`, 'm').exec(textOf(`/proc/${task}/status`) ?? '') ?? []
  return ids === undefined ? [] : ids.split('\t').map(Number)
}

/**
 * The PID namespace of a task and its ancestors, up to the tracer's, by the task's id in /proc.
 * The kernel shows no others.
 */
export function namespacesOf(task: number | string): readonly number[] {
  const found: number[] = []
  try {
    const own = [AT_FDCWD, cString(`/proc/${task}/ns/pid`), O_CLOEXEC, 0] as const
    for (let fd = call('openat', own); fd >= 0; ) {
      found.push(fstatSync(fd).ino)
      const parent = syscall(IOCTL, fd, NS_GET_PARENT, 0)
      close(fd)
      fd = parent
    }
  } catch {
    return found
  }
  return found
}

const isId = (name: string): boolean => /^[1-9]\d*$/.test(name)

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter(isId)
  } catch {
    return []
  }
}

/** The ids in /proc of all threads. */
export function* everyThread(): Generator<string> {
  for (const pid of namesIn('/proc')) {
    yield* namesIn(`/proc/${pid}/task`)
    yield pid
  }
}

/** The place of the tracer's namespace in the lists of ids. 0: /proc is of that namespace. */
let ownLevel: number | undefined

function level(): number {
  ownLevel ??= Math.max(0, idsInProc('self', 'NSpid').length - 1)
  return ownLevel
}

/** Ids in /proc by ids of the tracer's namespace, when they were last looked up. */
const known = new Map<number, number>()

function foreignId(tid: number): number {
  const isThere = (id: number | string): boolean => idsInProc(id, 'NSpid')[level()] === tid
  const last = known.get(tid)
  if (last !== undefined && isThere(last)) return last
  const [namespace] = namespacesOf('self')
  for (const id of everyThread()) {
    if (!isThere(id) || namespacesOf(id).at(-1) !== namespace) continue
    known.set(tid, Number(id))
    return Number(id)
  }
  return 0 // /proc has no such directory
}

/** Whether /proc has other ids than the tracer's PID namespace. */
export const isProcForeign = (): boolean => level() !== 0

/** `/proc/TID`, with the id that /proc has for this task. */
export const procOf = (tid: number): string => `/proc/${level() === 0 ? tid : foreignId(tid)}`

/** The ids of a process's threads, in the tracer's namespace. */
export function threadsOf(pid: number): readonly number[] {
  const names = namesIn(`${procOf(pid)}/task`)
  return level() === 0 ? names.map(Number) : names.flatMap(name => idsInProc(name, 'NSpid')[level()] ?? [])
}

/** Whether this thread is one of that process. */
export const isThreadOf = (tid: number, pid: number): boolean =>
  existsSync(`${procOf(pid)}/task/${procOf(tid).slice('/proc/'.length)}`)

/**
 * The process of a thread, and the parent of that process, in the tracer's namespace; `undefined`
 * if the thread does not exist.
 */
export function relationsOf(tid: number): {
  readonly tgid: number | undefined
  readonly parent: number | undefined
} {
  const status = textOf(`${procOf(tid)}/status`) ?? ''
  const field = (name: string): number | undefined => {
    const value = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]
    if (value === undefined) return undefined
    return level() === 0 ? Number(value) : idsInProc(value, 'NSpid')[level()]
  }
  return { tgid: field('Tgid'), parent: field('PPid') }
}
