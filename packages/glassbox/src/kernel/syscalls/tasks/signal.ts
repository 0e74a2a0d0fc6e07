/** What a task does about signals: actions, masks, stacks, and waiting for them. */
import {
  SA_RESTART,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
} from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from '../../../linux/errno-numbers.ts'
import { REGISTER } from '../../platform/registers.ts'
import { popFrame } from '../../task/signals/frame.ts'
import { encodeInfo, SIGINFO_SIZE } from '../../task/signals/info.ts'
import type { SignalInfo } from '../../task/signals/info.ts'
import { isUnstoppable, LAST_SIGNAL, SIGNAL } from '../../task/signals/numbers.ts'
import { discard, forceFault, isIgnored } from '../../task/signals/send.ts'
import { SignalSet } from '../../task/signals/set.ts'
import { isInUse } from '../../task/signals/stack.ts'
import { takeSignal } from '../../task/signals/take.ts'
import { readMask, writeMask } from '../../task/signals/user.ts'
import type { Task } from '../../task/state.ts'
import { BLOCKED, NO_RESULT } from '../../wait/blocking.ts'
import { family } from './family.ts'
import { readTimespec } from './structs.ts'

const ACTION = { size: 32, flags: 8, restorer: 16, mask: 24 } as const
const SIGSET_SIZE = 8
/** All flags that Linux knows; it forgets others: SA_UNSUPPORTED and what is above. */
const KNOWN_FLAGS = 0xdc00_0007 | SA_RESTART

function sigaction(task: Task, signal: number, newAddress: number, oldAddress: number, size: number): number {
  if (size !== SIGSET_SIZE || signal < 1 || signal > LAST_SIGNAL) return -EINVAL
  if (newAddress !== 0 && isUnstoppable(signal)) return -EINVAL
  const { memory, process } = task
  const before = process.actions.get(signal)
  if (newAddress !== 0) {
    const handler = memory.readInt64(newAddress)
    const flags = memory.readUint32(newAddress + ACTION.flags)
    const restorer = memory.readInt64(newAddress + ACTION.restorer)
    const maskLo = memory.readInt32(newAddress + ACTION.mask)
    const maskHi = memory.readInt32(newAddress + ACTION.mask + 4)
    if (Number.isNaN(handler + restorer + maskHi)) return -EFAULT
    const known = (flags & KNOWN_FLAGS) >>> 0
    process.actions.set(signal, { handler, flags: known, restorer, maskLo, maskHi })
    if (isIgnored(process, signal)) discard(process, signal)
  }
  if (oldAddress === 0) return 0
  return (
    memory.writeInt64(oldAddress, before.handler) ||
    memory.writeInt64(oldAddress + ACTION.flags, before.flags) ||
    memory.writeInt64(oldAddress + ACTION.restorer, before.restorer) ||
    memory.writeInt32(oldAddress + ACTION.mask, before.maskLo) ||
    memory.writeInt32(oldAddress + ACTION.mask + 4, before.maskHi)
  )
}

const given = new SignalSet()
const previous = new SignalSet()

function sigprocmask(task: Task, how: number, newAddress: number, oldAddress: number, size: number): number {
  if (size !== SIGSET_SIZE) return -EINVAL
  previous.copy(task.mask)
  if (newAddress !== 0) {
    const error = readMask(task.memory, newAddress, size, given)
    if (error !== 0) return error
    const { lo, hi } = task.mask
    if (how === SIG_BLOCK) task.mask.setMask(lo | given.lo, hi | given.hi)
    else if (how === SIG_UNBLOCK) task.mask.setMask(lo & ~given.lo, hi & ~given.hi)
    else if (how === SIG_SETMASK) task.mask.setMask(given.lo, given.hi)
    else return -EINVAL
  }
  return oldAddress === 0 ? 0 : writeMask(task.memory, oldAddress, previous)
}

function sigpending(task: Task, address: number, size: number): number {
  if (size > SIGSET_SIZE) return -EINVAL
  const own = task.pending.set
  const shared = task.process.pending.set
  given.set((own.lo | shared.lo) & task.mask.lo, (own.hi | shared.hi) & task.mask.hi)
  return writeMask(task.memory, address, given)
}

function sigsuspend(task: Task, address: number, size: number): number {
  const error = readMask(task.memory, address, size, given)
  if (error !== 0) return error
  task.setTemporaryMask(given)
  return pause(task)
}

function pause(task: Task): number {
  return task.block({ interruption: 'no-handler', queues: [], retry: () => BLOCKED })
}

const infoBytes = new Uint8Array(SIGINFO_SIZE)
const infoView = new DataView(infoBytes.buffer)

function sigtimedwait(
  task: Task,
  address: number,
  infoAddress: number,
  timeout: number,
  size: number,
): number {
  const wanted = new SignalSet()
  const error = readMask(task.memory, address, size, wanted)
  if (error !== 0) return error
  wanted.delete(SIGNAL.SIGKILL)
  wanted.delete(SIGNAL.SIGSTOP)
  const time = timeout === 0 ? Infinity : readTimespec(task.memory, timeout)
  if (time < 0) return time
  const store = (info: SignalInfo): number => {
    encodeInfo(info, infoView, 0)
    if (infoAddress !== 0 && task.memory.write(infoAddress, infoBytes, 0, SIGINFO_SIZE) !== 0) return -EFAULT
    return info.signal
  }
  const look = (): number => {
    const info = takeSignal(task, wanted)
    return info === undefined ? BLOCKED : store(info)
  }
  const found = look()
  if (found !== BLOCKED) return found
  if (time === 0) return -EAGAIN
  return task.block({
    interruption: 'no-handler',
    queues: [task.process.signalQueue],
    retry: look,
    deadlineNs: task.world.clock.monotonic() + time,
    timedOut: () => -EAGAIN,
  })
}

/** rax comes from the frame. A frame that cannot be used is a fault, which may have a handler. */
function sigreturn(task: Task): number {
  if (!popFrame(task)) forceFault(task)
  return NO_RESULT
}

const STACK = { flags: 8, size: 16 } as const
/** MINSIGSTKSZ: smaller stacks are refused. */
const LEAST_STACK = 2048

function sigaltstack(task: Task, newAddress: number, oldAddress: number): number {
  const { memory } = task
  const sp = task.thread.registers().get(REGISTER.rsp)
  const before = task.alternateStack
  const runsOnIt = isInUse(before, sp)
  if (newAddress !== 0) {
    const address = memory.readInt64(newAddress)
    const flags = memory.readInt32(newAddress + STACK.flags)
    const size = memory.readInt64(newAddress + STACK.size)
    if (Number.isNaN(address + flags + size)) return -EFAULT
    if (runsOnIt) return -EPERM
    const mode = flags & ~SS_AUTODISARM
    if (mode !== 0 && mode !== SS_DISABLE && mode !== SS_ONSTACK) return -EINVAL
    if (mode !== SS_DISABLE && size >= 0 && size < LEAST_STACK) return -ENOMEM
    task.alternateStack = mode === SS_DISABLE ? { address: 0, size: 0, flags } : { address, size, flags }
  }
  if (oldAddress === 0) return 0
  const inUse = runsOnIt ? SS_ONSTACK : 0
  const disabled = before === undefined || before.size === 0 ? SS_DISABLE : 0
  const flags = disabled || inUse || (before?.flags ?? 0) & SS_AUTODISARM
  return (
    memory.writeInt64(oldAddress, before?.address ?? 0) ||
    memory.writeInt32(oldAddress + STACK.flags, flags) ||
    memory.writeInt64(oldAddress + STACK.size, before?.size ?? 0)
  )
}

export const SIGNALS_OF_TASK: ReturnType<typeof family> = family({
  rt_sigaction: sigaction,
  rt_sigprocmask: sigprocmask,
  rt_sigpending: sigpending,
  rt_sigsuspend: sigsuspend,
  rt_sigtimedwait: sigtimedwait,
  rt_sigreturn: sigreturn,
  sigaltstack,
  pause,
})
