/** Who a task is: user and group ids, supplementary groups, capabilities. */
import { CAP_SETGID, CAP_SETUID } from '../../../linux/constants.ts'
import { EFAULT, EINVAL, EPERM, ESRCH } from '../../../linux/errno-numbers.ts'
import { afterIdChange, hasCapability, LAST_CAPABILITY, withCapabilities } from '../../task/credentials.ts'
import type { CapabilitySet, TaskCredentials } from '../../task/credentials.ts'
import type { Task } from '../../task/state.ts'
import { family } from './family.ts'
import type { TaskHandler } from './family.ts'

/** Ids are 32 bits; −1 means "leave it". */
const KEEP = 0xffff_ffff
const idOf = (value: number): number => value >>> 0

type Ids = readonly [real: number, effective: number, saved: number]

/** The three ids of a kind, and how they are changed. */
interface Kind {
  readonly capability: number
  get(credentials: TaskCredentials): Ids
  /** Sets them; the file system's id follows the effective one. */
  set(credentials: TaskCredentials, ids: Ids): TaskCredentials
}

const USER: Kind = {
  capability: CAP_SETUID,
  get: ({ uid, euid, suid }) => [uid, euid, suid],
  set: (before, [uid, euid, suid]) => afterIdChange(before, { ...before, uid, euid, suid, fsuid: euid }),
}
const GROUP: Kind = {
  capability: CAP_SETGID,
  get: ({ gid, egid, sgid }) => [gid, egid, sgid],
  set: (before, [gid, egid, sgid]) => ({ ...before, gid, egid, sgid, fsgid: egid }),
}

function change(task: Task, kind: Kind, ids: Ids): number {
  task.credentials = kind.set(task.credentials, ids)
  return 0
}

/** setuid, setgid: with the capability all three, else only the effective one. */
const setId =
  (kind: Kind): TaskHandler =>
  (task, value) => {
    const id = idOf(value)
    if (id === KEEP) return -EINVAL
    const [real, , saved] = kind.get(task.credentials)
    if (hasCapability(task.credentials, kind.capability)) return change(task, kind, [id, id, id])
    return id === real || id === saved ? change(task, kind, [real, id, saved]) : -EPERM
  }

const setBoth =
  (kind: Kind): TaskHandler =>
  (task, realValue, effectiveValue) => {
    const [real, effective, saved] = kind.get(task.credentials)
    const newReal = idOf(realValue) === KEEP ? real : idOf(realValue)
    const newEffective = idOf(effectiveValue) === KEEP ? effective : idOf(effectiveValue)
    const mayAll = hasCapability(task.credentials, kind.capability)
    if (!mayAll && newReal !== real && newReal !== effective) return -EPERM
    if (!mayAll && ![real, effective, saved].includes(newEffective)) return -EPERM
    const changesSaved = idOf(realValue) !== KEEP || newEffective !== real
    const isKept = !changesSaved || (idOf(effectiveValue) === KEEP && idOf(realValue) === KEEP)
    return change(task, kind, [newReal, newEffective, isKept ? saved : newEffective])
  }

const setThree =
  (kind: Kind): TaskHandler =>
  (task, ...values) => {
    const old = kind.get(task.credentials)
    const [real, effective, saved] = old
    const pick = (value: number, kept: number): number => (idOf(value) === KEEP ? kept : idOf(value))
    const ids: Ids = [pick(values[0], real), pick(values[1], effective), pick(values[2], saved)]
    const mayAll = hasCapability(task.credentials, kind.capability)
    if (!mayAll && !ids.every(id => old.includes(id))) return -EPERM
    return change(task, kind, ids)
  }

const getThree =
  (kind: Kind): TaskHandler =>
  (task, ...addresses) => {
    for (const [index, id] of kind.get(task.credentials).entries())
      if (task.memory.writeInt32(addresses[index] as number, id | 0) !== 0) return -EFAULT
    return 0
  }

function setfsuid(task: Task, value: number): number {
  const { credentials } = task
  const before = credentials.fsuid
  const id = idOf(value)
  const { uid, euid, suid } = credentials
  if ([uid, euid, suid, before].includes(id) || hasCapability(credentials, CAP_SETUID))
    task.credentials = { ...credentials, fsuid: id }
  return before
}

function setfsgid(task: Task, value: number): number {
  const { credentials } = task
  const before = credentials.fsgid
  const id = idOf(value)
  const { gid, egid, sgid } = credentials
  if ([gid, egid, sgid, before].includes(id) || hasCapability(credentials, CAP_SETGID))
    task.credentials = { ...credentials, fsgid: id }
  return before
}

const MOST_GROUPS = 65_536

function getgroups(task: Task, size: number, address: number): number {
  const { groups } = task.credentials
  if (size < 0 || (size > 0 && size < groups.length)) return -EINVAL
  if (size === 0) return groups.length
  for (const [index, group] of groups.entries())
    if (task.memory.writeInt32(address + 4 * index, group | 0) !== 0) return -EFAULT
  return groups.length
}

function setgroups(task: Task, size: number, address: number): number {
  if (!hasCapability(task.credentials, CAP_SETGID)) return -EPERM
  if (size < 0 || size > MOST_GROUPS) return -EINVAL
  const groups: number[] = []
  for (let i = 0; i < size; i++) {
    const group = task.memory.readUint32(address + 4 * i)
    if (Number.isNaN(group)) return -EFAULT
    groups.push(group)
  }
  task.credentials = { ...task.credentials, groups }
  return 0
}

/**
 * The versions of struct __user_cap_header_struct, and how many words of 32 capabilities each has.
 */
const VERSIONS: Readonly<Record<number, number>> = { 0x1998_0330: 1, 0x2007_1026: 2, 0x2008_0522: 2 }
const NEWEST = 0x2008_0522

/**
 * The words of the header's version; a wrong one is replaced by the newest: that is how to ask.
 */
function wordsOf(task: Task, header: number, isQuery: boolean): number {
  const version = task.memory.readUint32(header)
  if (Number.isNaN(version)) return -EFAULT
  const words = VERSIONS[version]
  if (words !== undefined) return words
  if (task.memory.writeInt32(header, NEWEST) !== 0) return -EFAULT
  return isQuery ? 0 : -EINVAL
}

const NONE: CapabilitySet = { lo: 0, hi: 0 }

function capget(task: Task, header: number, data: number): number {
  const words = wordsOf(task, header, data === 0)
  if (words <= 0) return words
  const pid = task.memory.readInt32(header + 4)
  if (pid < 0) return -EINVAL
  const process = task.world.processes.get(pid)
  const target = pid === 0 ? task : (task.world.tasks.get(pid) ?? process?.leader)
  if (target === undefined && process === undefined) return -ESRCH
  if (data === 0) return 0
  // A process without a thread has ended, or is the first one of the world, which has none.
  const { effective = NONE, permitted = NONE, inheritable = NONE } = target?.credentials ?? {}
  const sets = [effective, permitted, inheritable]
  for (let word = 0; word < words; word++)
    for (const [index, set] of sets.entries()) {
      const value = word === 0 ? set.lo : set.hi
      if (task.memory.writeInt32(data + 12 * word + 4 * index, value) !== 0) return -EFAULT
    }
  return 0
}

const KNOWN_HI = (1 << (LAST_CAPABILITY - 31)) - 1
const isSubset = (a: CapabilitySet, b: CapabilitySet): boolean => ((a.lo & ~b.lo) | (a.hi & ~b.hi)) === 0

function capset(task: Task, header: number, data: number): number {
  const words = wordsOf(task, header, false)
  if (words <= 0) return words
  const pid = task.memory.readInt32(header + 4)
  if (pid !== 0 && pid !== task.tid) return -EPERM
  const { memory } = task
  const read = (index: number): CapabilitySet => ({
    lo: memory.readInt32(data + 4 * index),
    hi: words === 1 ? 0 : memory.readInt32(data + 12 + 4 * index) & KNOWN_HI,
  })
  const [effective, permitted, inheritable] = [read(0), read(1), read(2)]
  if (Number.isNaN(effective.lo + permitted.lo + inheritable.lo)) return -EFAULT
  const old = task.credentials
  const reachable = { lo: old.inheritable.lo | old.permitted.lo, hi: old.inheritable.hi | old.permitted.hi }
  if (!isSubset(permitted, old.permitted) || !isSubset(effective, permitted)) return -EPERM
  if (!isSubset(inheritable, reachable)) return -EPERM
  const both = { lo: permitted.lo & inheritable.lo, hi: permitted.hi & inheritable.hi }
  const ambient = { lo: old.ambient.lo & both.lo, hi: old.ambient.hi & both.hi }
  task.credentials = withCapabilities({ ...old, effective, permitted, inheritable, ambient })
  return 0
}

export const CREDENTIALS: ReturnType<typeof family> = family({
  getuid: task => task.credentials.uid,
  geteuid: task => task.credentials.euid,
  getgid: task => task.credentials.gid,
  getegid: task => task.credentials.egid,
  setuid: setId(USER),
  setgid: setId(GROUP),
  setreuid: setBoth(USER),
  setregid: setBoth(GROUP),
  setresuid: setThree(USER),
  setresgid: setThree(GROUP),
  getresuid: getThree(USER),
  getresgid: getThree(GROUP),
  setfsuid,
  setfsgid,
  getgroups,
  setgroups,
  capget,
  capset,
})
