/**
 * Keeps children of tracees from being born untraced. Such a child would escape the trace, and
 * under a filter its calls would fail. The flag CLONE_UNTRACED asks for this. `clone` has its
 * flags in a register, and the flag is removed there. `clone3` has them in memory, where another
 * thread can set the flag again between the tracer's read and the kernel's. No change to the
 * memory prevents that, so the guard makes such a child harmless instead:
 *
 * - At the entry of clone3 the caller gets a selector that is not a code segment, and SIGSEGV is
 *   blocked. A child starts with its parent's registers and mask. The kernel cannot enter user
 *   mode with that segment, and a blocked SIGSEGV that the kernel raises kills the process even
 *   if it has a handler. So the child dies before its first instruction.
 * - A child that is traced stops before it enters user mode. There it gets back what its parent
 *   had.
 * - The caller gets it back as soon as the kernel announces the child, at the latest at the exit
 *   of the call.
 *
 * Registers and masks belong to the thread and its tracer, so there is no race. The instruction
 * pointer is not changed, because the program's own seccomp filters may check it. The selector
 * holds all that is needed to restore the segment and the mask, so a child does not depend on a
 * living parent.
 *
 * If the tracer dies (SIGKILL, the end of its process) between the entry of the call and the
 * announcement of the child, the caller dies too. That is acceptable for a command that the trace
 * started. Processes that were attached to must not be harmed, so they are not guarded, and a
 * racing thread of theirs can let a child escape.
 */
import type { Abi } from '../../decode/types.ts'
import { syscall } from '../../gate/gate.ts'
import { ptrace } from '../../gate/ptrace.ts'
import {
  CLONE_UNTRACED,
  PTRACE_GETSIGMASK,
  PTRACE_PEEKUSER,
  PTRACE_POKEUSER,
  PTRACE_SETSIGMASK,
} from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { numbersOf } from '../../linux/abi.ts'
import { USER_REGS } from '../../linux/user-regs.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { setArgument } from './registers.ts'
import type { StoppedTracee } from './stopped-tracee.ts'

const CLONE = numbersOf('clone')
const CLONE3 = numbersOf('clone3')

const UNTRACED = BigInt(CLONE_UNTRACED)
const FLAGS_BYTES = 8
const KILL = syscallNumber('kill')
const SIGKILL = signalNumber('SIGKILL') ?? 9
const MASK_BYTES = 8
const SIGSEGV_BIT = 1n << BigInt((signalNumber('SIGSEGV') ?? 11) - 1)
const CS_OFFSET = USER_REGS.cs * 8

/**
 * Selectors of the kernel's table (asm/segment.h) with user privilege that cannot be loaded as a
 * code segment. Each encodes the segment that it replaces and whether SIGSEGV was blocked before.
 */
const USER_CODE_64 = 0x33n
const USER_CODE_32 = 0x23n
const GUARDS: readonly { readonly guard: bigint; readonly segment: bigint; readonly isBlocked: boolean }[] = [
  { guard: 0x2bn, segment: USER_CODE_64, isBlocked: false },
  { guard: 0x1bn, segment: USER_CODE_64, isBlocked: true },
  { guard: 0x43n, segment: USER_CODE_32, isBlocked: false },
  { guard: 0x53n, segment: USER_CODE_32, isBlocked: true },
]

const word = new BigUint64Array(1)
const mask = new BigUint64Array(1)

/** Whether the child of this call must be guarded. */
export const needsGuard = (abi: Abi, nr: number): boolean => nr === CLONE3[abi]

/**
 * At the entry of every call, before handlers see it: removes CLONE_UNTRACED. That is enough for
 * an honest program.
 */
export function keepTraced(abi: Abi, nr: number, args: readonly bigint[], stopped: StoppedTracee): void {
  const first = args[0] ?? 0n
  if (nr === CLONE[abi]) {
    if ((first & UNTRACED) !== 0n) setArgument(stopped.tid, abi, 0, first & ~UNTRACED)
  } else if (needsGuard(abi, nr)) {
    const flags = stopped.read(first, FLAGS_BYTES)
    if (flags.length < FLAGS_BYTES) return
    const value = new DataView(flags.buffer, flags.byteOffset).getBigUint64(0, true)
    if ((value & UNTRACED) !== 0n)
      stopped.write(first, new Uint8Array(BigUint64Array.of(value & ~UNTRACED).buffer))
  }
}

/**
 * At the entry of clone3, after all others have seen it: from now on a child that is not traced
 * dies before its first instruction. A caller in a code segment of its own making (modify_ldt(2))
 * cannot be guarded, so its call fails with ENOSYS. A caller whose registers cannot be changed is
 * killed, because its child could escape the trace.
 */
export function guard(stopped: StoppedTracee): void {
  const { tid } = stopped
  if (!read(tid)) return
  const [segment, isBlocked] = [word[0], ((mask[0] ?? 0n) & SIGSEGV_BIT) !== 0n]
  const found = GUARDS.find(each => each.segment === segment && each.isBlocked === isBlocked)
  if (!found) stopped.skip({ errno: ERRNO.ENOSYS })
  else if (!write(tid, found.guard, (mask[0] ?? 0n) | SIGSEGV_BIT)) syscall(KILL, tid, SIGKILL)
}

/**
 * At a stop of a caller or of a child: restores its own code segment and mask. Does nothing to a
 * thread that already has them.
 */
export function unguard(tid: number): void {
  if (!read(tid)) return
  const found = GUARDS.find(each => each.guard === word[0])
  if (found) write(tid, found.segment, found.isBlocked ? (mask[0] ?? 0n) : (mask[0] ?? 0n) & ~SIGSEGV_BIT)
}

/** Returns false if the thread is gone. */
function read(tid: number): boolean {
  return (
    ptrace(PTRACE_PEEKUSER, tid, CS_OFFSET, word) === 0 &&
    ptrace(PTRACE_GETSIGMASK, tid, MASK_BYTES, mask) === 0
  )
}

function write(tid: number, segment: bigint, blocked: bigint): boolean {
  mask[0] = blocked
  const isMasked = ptrace(PTRACE_SETSIGMASK, tid, MASK_BYTES, mask) === 0
  return ptrace(PTRACE_POKEUSER, tid, CS_OFFSET, segment) === 0 && isMasked
}
