/**
 * Looks at the host's files with the rights of the caller. The keeper is root, and a caller must
 * not learn by it, or reach, what is closed to him. Only the file system ids of this thread change
 * (setfsuid(2)), and only for synchronous work.
 */
import { syscall } from '../gate/gate.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Ids } from './types.ts'

const SETFSUID = syscallNumber('setfsuid')
const SETFSGID = syscallNumber('setfsgid')
const SETGROUPS = syscallNumber('setgroups')

/** Does `work` with the caller's ids, and without the groups of this process. */
export function asCaller<T>({ uid, gid }: Ids, work: () => T): T {
  if (uid === 0) return work()
  const groups = Uint32Array.from(process.getgroups?.() ?? [])
  syscall(SETGROUPS, 0, 0)
  const previousGid = syscall(SETFSGID, gid)
  const previousUid = syscall(SETFSUID, uid)
  try {
    return work()
  } finally {
    syscall(SETFSUID, previousUid)
    syscall(SETFSGID, previousGid)
    syscall(SETGROUPS, groups.length, groups)
  }
}
