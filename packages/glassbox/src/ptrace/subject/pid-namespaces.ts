/**
 * Translates ids of another PID namespace to those of the tracer's, by /proc. Every process has a
 * list of its ids, from the namespace of /proc down to its own, and a chain of namespaces
 * upwards. Together they say which id belongs to which namespace.
 */
import { fstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import type { IdType } from '../../decode/types.ts'
import { close } from '../../gate/descriptors.ts'
import { call, cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, NS_GET_PARENT, O_CLOEXEC } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const IOCTL = syscallNumber('ioctl')

/** Lines of /proc/PID/status. */
const LISTS: Readonly<Record<IdType, RegExp>> = {
  tid: /^NSpid:\t(.*)$/m,
  tgid: /^NStgid:\t(.*)$/m,
  pgid: /^NSpgid:\t(.*)$/m,
  sid: /^NSsid:\t(.*)$/m,
}

function idsOf(pid: string, type: IdType): readonly number[] {
  try {
    const [, list] = LISTS[type].exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
    return list === undefined ? [] : list.split('\t').map(Number)
  } catch {
    return []
  }
}

/** The process's namespace and its ancestors, up to the tracer's. The kernel shows no others. */
function namespacesOf(pid: string): readonly number[] {
  const found: number[] = []
  try {
    const own = [AT_FDCWD, cString(`/proc/${pid}/ns/pid`), O_CLOEXEC, 0] as const
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

function namespaceOf(pid: number | 'self'): number {
  try {
    return statSync(`/proc/${pid}/ns/pid`).ino
  } catch {
    return 0
  }
}

const isId = (name: string): boolean => /^[1-9]\d*$/.test(name)
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter(isId)
  } catch {
    return []
  }
}

export class PidNamespaces {
  readonly #ours: number = namespaceOf('self')
  /** Namespaces of tracees, which do not change while the tracees live. */
  readonly #namespaces = new Map<number, number>()
  /** Which process had an id when it was last looked up. */
  readonly #owners = new Map<string, string>()

  /**
   * The id, in the tracer's namespace, of the task that `tid` knows by `id`; 0 if there is none.
   */
  toOurs(tid: number, id: number, type: IdType): number {
    const namespace = this.#namespaceOf(tid)
    if (namespace === this.#ours) return id
    if (namespace === 0) return 0
    const key = `${namespace} ${type} ${id}`
    const owner = this.#owners.get(key)
    const known = owner === undefined ? 0 : ourId(owner, namespace, id, type)
    if (known !== 0) return known
    for (const pid of everyThread()) {
      const found = ourId(pid, namespace, id, type)
      if (found === 0) continue
      this.#owners.set(key, pid)
      return found
    }
    return 0
  }

  forget(tid: number): void {
    this.#namespaces.delete(tid)
  }

  #namespaceOf(tid: number): number {
    const known = this.#namespaces.get(tid)
    if (known !== undefined) return known
    const namespace = namespaceOf(tid)
    if (namespace !== 0) this.#namespaces.set(tid, namespace)
    return namespace
  }
}

function* everyThread(): Generator<string> {
  for (const pid of namesIn('/proc')) {
    yield* namesIn(`/proc/${pid}/task`)
    yield pid
  }
}

/** The process's id in the tracer's namespace, if it has that id in that namespace; else 0. */
function ourId(pid: string, namespace: number, id: number, type: IdType): number {
  const ids = idsOf(pid, type)
  // Most processes do not have the id in any namespace, and looking up their namespaces costs
  // more.
  if (!ids.includes(id)) return 0
  const namespaces = namespacesOf(pid)
  const level = namespaces.indexOf(namespace)
  if (level < 0 || ids.length < namespaces.length || ids[ids.length - 1 - level] !== id) return 0
  return ids[ids.length - namespaces.length] ?? 0
}
