/**
 * Translates ids of another PID namespace to those of the tracer's, by /proc. Every process has a
 * list of its ids, from the namespace of /proc down to its own, and a chain of namespaces
 * upwards. Together they say which id belongs to which namespace.
 */
import { statSync } from 'node:fs'
import type { IdType } from '../../decode/types.ts'
import { everyThread, idsInProc, namespacesOf, procOf } from './proc-id.ts'

/** Lines of /proc/PID/status. */
const LISTS: Readonly<Record<IdType, string>> = { tid: 'NSpid', tgid: 'NStgid', pgid: 'NSpgid', sid: 'NSsid' }

/** `directory`: of a task in /proc. Returns 0 if the task is gone. */
function namespaceOf(directory: string): number {
  try {
    return statSync(`${directory}/ns/pid`).ino
  } catch {
    return 0
  }
}

export class PidNamespaces {
  readonly #ours: number = namespaceOf('/proc/self')
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
    const namespace = namespaceOf(procOf(tid))
    if (namespace !== 0) this.#namespaces.set(tid, namespace)
    return namespace
  }
}

/** The process's id in the tracer's namespace, if it has that id in that namespace; else 0. */
function ourId(pid: string, namespace: number, id: number, type: IdType): number {
  const ids = idsInProc(pid, LISTS[type])
  // Most processes do not have the id in any namespace, and looking up their namespaces costs
  // more.
  if (!ids.includes(id)) return 0
  const namespaces = namespacesOf(pid)
  const level = namespaces.indexOf(namespace)
  if (level < 0 || ids.length < namespaces.length || ids[ids.length - 1 - level] !== id) return 0
  return ids[ids.length - namespaces.length] ?? 0
}
