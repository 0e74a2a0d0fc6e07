/** Settings of a task or process: prctl, arch_prctl, personality. */
import {
  ARCH_GET_FS,
  ARCH_GET_GS,
  ARCH_SET_FS,
  ARCH_SET_GS,
  PR_CAPBSET_DROP,
  PR_CAPBSET_READ,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_IS_SET,
  PR_CAP_AMBIENT_LOWER,
  PR_CAP_AMBIENT_RAISE,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_DUMPABLE,
  PR_GET_KEEPCAPS,
  PR_GET_NAME,
  PR_GET_NO_NEW_PRIVS,
  PR_GET_PDEATHSIG,
  PR_GET_SECCOMP,
  PR_GET_SECUREBITS,
  PR_GET_THP_DISABLE,
  PR_GET_TID_ADDRESS,
  PR_GET_TIMERSLACK,
  PR_GET_TIMING,
  PR_GET_TSC,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_DUMPABLE,
  PR_SET_KEEPCAPS,
  PR_SET_NAME,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  PR_SET_PTRACER,
  PR_SET_SECUREBITS,
  PR_SET_THP_DISABLE,
  PR_SET_TIMERSLACK,
  PR_SET_TIMING,
  PR_SET_VMA,
  PR_TSC_ENABLE,
} from '../../../linux/constants.ts'
import { EFAULT, EINVAL, EPERM } from '../../../linux/errno-numbers.ts'
import { REGISTER } from '../../platform/registers.ts'
import { inSet, LAST_CAPABILITY, NO_CAPABILITIES } from '../../task/credentials.ts'
import type { CapabilitySet } from '../../task/credentials.ts'
import { LAST_SIGNAL } from '../../task/signals/numbers.ts'
import type { Task } from '../../task/state.ts'
import { family } from './family.ts'

type Option = (task: Task, a: number, b: number, c: number, d: number) => number

const NAME_SIZE = 16
const nameBytes = new Uint8Array(NAME_SIZE)

function setName(task: Task, address: number): number {
  const length = task.memory.readString(address, nameBytes)
  if (length === -EFAULT) return -EFAULT
  const text = Buffer.from(nameBytes.buffer, 0, length < 0 ? NAME_SIZE - 1 : Math.min(length, NAME_SIZE - 1))
  task.comm = text.toString('latin1')
  return 0
}

function getName(task: Task, address: number): number {
  nameBytes.fill(0)
  Buffer.from(nameBytes.buffer).write(task.comm, 'latin1')
  return task.memory.write(address, nameBytes, 0, NAME_SIZE)
}

function dropBounding(task: Task, capability: number): number {
  if (capability < 0 || capability > LAST_CAPABILITY) return -EINVAL
  if (!task.credentials.privileged) return -EPERM
  const bounding = without(task.credentials.bounding, capability)
  task.credentials = { ...task.credentials, bounding }
  return 0
}

const bit = (capability: number): number => 1 << (capability & 31)

function without({ lo, hi }: CapabilitySet, capability: number): CapabilitySet {
  return capability < 32 ? { lo: lo & ~bit(capability), hi } : { lo, hi: hi & ~bit(capability) }
}

function withOne({ lo, hi }: CapabilitySet, capability: number): CapabilitySet {
  return capability < 32 ? { lo: lo | bit(capability), hi } : { lo, hi: hi | bit(capability) }
}

function ambient(task: Task, operation: number, capability: number): number {
  const { credentials } = task
  if (operation === PR_CAP_AMBIENT_CLEAR_ALL) {
    task.credentials = { ...credentials, ambient: NO_CAPABILITIES }
    return 0
  }
  if (capability < 0 || capability > LAST_CAPABILITY) return -EINVAL
  switch (operation) {
    case PR_CAP_AMBIENT_IS_SET:
      return inSet(credentials.ambient, capability) ? 1 : 0
    case PR_CAP_AMBIENT_LOWER:
      task.credentials = { ...credentials, ambient: without(credentials.ambient, capability) }
      return 0
    case PR_CAP_AMBIENT_RAISE:
      if (!inSet(credentials.permitted, capability) || !inSet(credentials.inheritable, capability))
        return -EPERM
      task.credentials = { ...credentials, ambient: withOne(credentials.ambient, capability) }
      return 0
    default:
      return -EINVAL
  }
}

function setDeathSignal(task: Task, signal: number): number {
  if (signal < 0 || signal > LAST_SIGNAL) return -EINVAL
  task.parentDeathSignal = signal
  return 0
}

function setDumpable(task: Task, value: number): number {
  if (value !== 0 && value !== 1) return -EINVAL
  task.process.dumpable = value
  return 0
}

function setNoNewPrivileges(task: Task, value: number, b: number, c: number, d: number): number {
  if (value !== 1 || b !== 0 || c !== 0 || d !== 0) return -EINVAL
  task.credentials = { ...task.credentials, noNewPrivileges: true }
  return 0
}

const KEEP_CAPS = 1 << 4

function setKeepCapabilities(task: Task, value: number): number {
  if (value !== 0 && value !== 1) return -EINVAL
  const { secureBits } = task.credentials
  task.credentials = {
    ...task.credentials,
    secureBits: value === 1 ? secureBits | KEEP_CAPS : secureBits & ~KEEP_CAPS,
  }
  return 0
}

function setSecureBits(task: Task, bits: number): number {
  if (!task.credentials.privileged) return -EPERM
  task.credentials = { ...task.credentials, secureBits: bits }
  return 0
}

function setSubreaper(task: Task, value: number): number {
  task.process.subreaper = value !== 0
  return 0
}

const DEFAULT_SLACK_NS = 50_000

function setSlack(task: Task, ns: number): number {
  task.timerSlackNs = ns > 0 ? ns : DEFAULT_SLACK_NS
  return 0
}

const OPTIONS: Readonly<Record<number, Option>> = {
  [PR_SET_NAME]: setName,
  [PR_GET_NAME]: getName,
  [PR_SET_PDEATHSIG]: setDeathSignal,
  [PR_GET_PDEATHSIG]: (task, address) => task.memory.writeInt32(address, task.parentDeathSignal),
  [PR_SET_DUMPABLE]: setDumpable,
  [PR_GET_DUMPABLE]: task => task.process.dumpable,
  [PR_SET_NO_NEW_PRIVS]: setNoNewPrivileges,
  [PR_GET_NO_NEW_PRIVS]: task => Number(task.credentials.noNewPrivileges),
  [PR_SET_KEEPCAPS]: setKeepCapabilities,
  [PR_GET_KEEPCAPS]: task => (task.credentials.secureBits & KEEP_CAPS) >> 4,
  [PR_SET_SECUREBITS]: setSecureBits,
  [PR_GET_SECUREBITS]: task => task.credentials.secureBits,
  [PR_SET_CHILD_SUBREAPER]: setSubreaper,
  [PR_GET_CHILD_SUBREAPER]: (task, address) =>
    task.memory.writeInt32(address, Number(task.process.subreaper)),
  [PR_SET_TIMERSLACK]: setSlack,
  [PR_GET_TIMERSLACK]: task => task.timerSlackNs,
  [PR_CAPBSET_READ]: (task, capability) =>
    capability < 0 || capability > LAST_CAPABILITY
      ? -EINVAL
      : Number(inSet(task.credentials.bounding, capability)),
  [PR_CAPBSET_DROP]: dropBounding,
  [PR_CAP_AMBIENT]: ambient,
  [PR_GET_TID_ADDRESS]: (task, address) => task.memory.writeInt64(address, task.clearTid),
  [PR_GET_SECCOMP]: () => 0,
  [PR_GET_TIMING]: () => 0,
  [PR_SET_TIMING]: (_task, value) => (value === 0 ? 0 : -EINVAL),
  [PR_GET_TSC]: (task, address) => task.memory.writeInt32(address, PR_TSC_ENABLE),
  [PR_GET_THP_DISABLE]: () => 0,
  [PR_SET_THP_DISABLE]: () => 0,
  // Names of anonymous memory, and who may trace: nothing here looks at them.
  [PR_SET_VMA]: () => 0,
  [PR_SET_PTRACER]: () => 0,
}

function prctl(task: Task, option: number, a: number, b: number, c: number, d: number): number {
  return OPTIONS[option | 0]?.(task, a, b, c, d) ?? -EINVAL
}

function archPrctl(task: Task, code: number, address: number): number {
  const register = code === ARCH_SET_FS || code === ARCH_GET_FS ? REGISTER.fs_base : REGISTER.gs_base
  switch (code) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
      if (address < 0 || address >= task.world.platform.maxAddress) return -EPERM
      task.thread.registers().set(register, address)
      task.thread.changed()
      return 0
    case ARCH_GET_FS:
    case ARCH_GET_GS:
      return task.memory.writeInt64(address, task.thread.registers().get(register))
    default:
      return -EINVAL
  }
}

const QUERY = 0xffff_ffff

function personality(task: Task, value: number): number {
  const before = task.process.personality
  if (value >>> 0 !== QUERY) task.process.personality = value >>> 0
  return before
}

export const PRCTL: ReturnType<typeof family> = family({
  prctl: {
    handler: prctl,
    partly: 'names, death signals, capabilities and no_new_privs; no PR_SET_MM, no seccomp',
  },
  arch_prctl: { handler: archPrctl, partly: 'the FS and GS bases; no CPUID faulting, no AMX' },
  personality: { handler: personality, partly: 'it is kept, but changes nothing' },
})
