/**
 * Makes calls with no more power than the program has. The supervisor may be root while the
 * program has a user id of its own, so this thread takes the ids of the program and gives up its
 * capabilities for those calls. The kernel judges access to files by the filesystem ids
 * (setfsuid(2)) and the effective capabilities, and both belong to the thread. So other threads
 * are not affected.
 *
 * Each change costs microseconds. The groups of the program are therefore kept after the calls,
 * until another program needs others: with its own user and capabilities this thread needs no
 * group for what else it does.
 */
import { GlassboxError } from '../../errors.ts'
import { call, syscall, systemError } from '../../gate/gate.ts'
import { CAPABILITY_VERSION_3, hasCapabilities } from '../../launch/capabilities.ts'
import { isDumpable } from '../../launch/dumpable.ts'
import { CAP_SYS_PTRACE, PR_SET_DUMPABLE } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const SETFSUID = syscallNumber('setfsuid')
const SETFSGID = syscallNumber('setfsgid')
const SETGROUPS = syscallNumber('setgroups')
const CAPSET = syscallNumber('capset')
const PRCTL = syscallNumber('prctl')
/** Not a valid id: setfsuid(2) changes nothing and returns the current one. */
const ASK = -1

export interface Identity {
  readonly uid: number
  readonly gid: number
  readonly groups?: readonly number[]
}

/** Runs a function with the power of the program. Nothing in it may wait. */
export type AsProgram = <Result>(act: () => Result) => Result

/** Effective, permitted, inheritable: the lower 32 bits of each, then the upper ones. */
const withoutEffective = (sets: Uint32Array): Uint32Array => {
  const without = sets.slice()
  without[0] = without[3] = 0
  return without
}

function must(name: string, result: number): void {
  if (result < 0) throw systemError(name, -result)
}

function change(number: number, name: string, id: number): void {
  syscall(number, id)
  if (syscall(number, ASK) === id) return
  throw new GlassboxError('ERR_GLASSBOX_SYSTEM', `${name} could not change to ${id}.`, {
    syscall: name,
    hint: 'The id must exist in the user namespace of this process: see /proc/self/uid_map.',
  })
}

/** What changes between the power of the calling thread and that of a program. */
export interface Power {
  /** Undefined: the ids are those of this process. */
  readonly identity: Identity | undefined
  readonly losesCapabilities: boolean
  /** As capset(2) takes them. */
  readonly before: Uint32Array
  readonly without: Uint32Array
  readonly ownUid: number
  readonly isDumpable: boolean
}

/**
 * For the calling thread. `identity`: the ids of the program; undefined if they are those of this
 * process. `isEqual`: the program also has the capabilities of this process.
 */
export function powerOf(identity: Identity | undefined, isEqual = false): Power {
  const before = new Uint32Array(6)
  call('capget', [Uint32Array.of(CAPABILITY_VERSION_3, 0), before])
  const isPowerful = before[0] !== 0 || before[3] !== 0
  return {
    identity,
    losesCapabilities: identity !== undefined || (isPowerful && !isEqual),
    before,
    without: withoutEffective(before),
    ownUid: syscall(SETFSUID, ASK),
    isDumpable: isDumpable(),
  }
}

/** Runs functions with that power: that of `powerOf()`. */
export function asProgram(identity: Identity | undefined, isEqual = false): AsProgram {
  const header = Uint32Array.of(CAPABILITY_VERSION_3, 0)
  const { losesCapabilities, before, without, ownUid, isDumpable: wasDumpable } = powerOf(identity, isEqual)
  if (!losesCapabilities) return act => act()
  const take = identity ? () => takeIds(identity) : () => {}
  const giveBack = identity ? () => change(SETFSUID, 'setfsuid', ownUid) : () => {}
  return act => {
    try {
      take()
      must('capset', syscall(CAPSET, header, without))
      return act()
    } finally {
      must('capset', syscall(CAPSET, header, before))
      giveBack()
      // A change of ids makes the process undumpable, and its files in /proc belong to root.
      if (wasDumpable) syscall(PRCTL, PR_SET_DUMPABLE, 1)
    }
  }
}

/**
 * For looking at the entries of the program in /proc. Root of a container has no CAP_SYS_PTRACE,
 * so it may look at a program with another user id only with that id.
 */
export const lookingAs = (identity: Identity | undefined): AsProgram =>
  identity && !hasCapabilities(CAP_SYS_PTRACE) ? asProgram(identity) : act => act()

/** Whose groups this thread has. */
let grouped: Identity | undefined

function takeIds(identity: Identity): void {
  // setfsuid() comes last: groups need a capability. The filter for those comes later.
  keepGroups(identity)
  change(SETFSUID, 'setfsuid', identity.uid)
}

/** From now on this thread has the groups of the program, until another program needs others. */
export function keepGroups(identity: Identity): void {
  if (grouped !== identity) takeGroups(identity)
}

function takeGroups(identity: Identity): void {
  grouped = undefined
  const list = Uint32Array.from(identity.groups ?? [])
  must('setgroups', syscall(SETGROUPS, list.length, list))
  change(SETFSGID, 'setfsgid', identity.gid)
  grouped = identity
}
