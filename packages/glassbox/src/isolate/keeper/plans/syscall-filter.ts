/**
 * The filter of `syscall_flags`: all calls are allowed but a few. Each bit of the flags refuses
 * one kind. Without a bit that refuses anything there is no filter.
 *
 * It is assembled by hand: the compiler of policies needs the table of all calls, which takes
 * longer to load than the rest of a run.
 */
import { Assembler, type Label } from '../../../seccomp/assemble.ts'
import { compileCondition } from '../../../seccomp/condition.ts'
import {
  ARCH_OFFSET,
  AUDIT_ARCH_I386,
  AUDIT_ARCH_X86_64,
  actionValue,
  NUMBER_OFFSET,
} from '../../../seccomp/data.ts'
import type { Condition, KernelAction } from '../../../seccomp/policy.ts'
import {
  AF_VSOCK,
  F_NOTIFY,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_SETLEASE,
  F_SETLK,
  F_SETLKW,
} from '../../../linux/constants.ts'
import { X32_BIT } from '../../../linux/abi.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'

/** The bits of `syscall_flags`. */
export const SYSCALL_FLAG = { keyctl: 1, vsock: 2, locks: 4, ioUring: 8, compat: 16 } as const

const ALLOW: KernelAction = { kind: 'allow' }
const KILL: KernelAction = { kind: 'kill' }
const refuse = (errno: number): KernelAction => ({ kind: 'errno', errno })

/** A call that a bit refuses, by its numbers on x86-64 and i386. */
interface Refusal {
  readonly flag: number
  readonly number: number
  /** i386 has several calls for some. */
  readonly compat: readonly number[]
  /** Any of these, or always. */
  readonly when?: readonly Condition[]
  readonly errno: number
}

const int = (arg: number, value: number): Condition => ({ arg, op: 'eq', value: BigInt(value), width: 32 })
const LOCK_COMMANDS = [F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY]
/** On i386 the commands with 64-bit offsets have numbers of their own. */
const F_SETLK64 = 13
const F_SETLKW64 = 14

const REFUSALS: readonly Refusal[] = [
  { flag: SYSCALL_FLAG.keyctl, number: syscallNumber('keyctl'), compat: [288], errno: ERRNO.ENOSYS },
  {
    flag: SYSCALL_FLAG.vsock,
    number: syscallNumber('socket'),
    compat: [359],
    when: [int(0, AF_VSOCK)],
    errno: ERRNO.EAFNOSUPPORT,
  },
  {
    flag: SYSCALL_FLAG.locks,
    number: syscallNumber('fcntl'),
    compat: [55, 221],
    when: [...LOCK_COMMANDS, F_SETLK64, F_SETLKW64].map(command => int(1, command)),
    errno: ERRNO.EPERM,
  },
  { flag: SYSCALL_FLAG.locks, number: syscallNumber('flock'), compat: [143], errno: ERRNO.ENOSYS },
  { flag: SYSCALL_FLAG.ioUring, number: syscallNumber('io_uring_setup'), compat: [425], errno: ERRNO.ENOSYS },
]

const hasBit = (flags: number, bit: number): boolean => Math.floor(flags / bit) % 2 === 1

/** Writes the refusals, and returns the label that expects the number in the accumulator. */
function search(
  out: Assembler,
  refusals: readonly Refusal[],
  numbersOf: (refusal: Refusal) => readonly number[],
): Label {
  let next = out.return(actionValue(ALLOW))
  const allow = next
  for (const refusal of refusals) {
    let refused = out.return(actionValue(refuse(refusal.errno)))
    if (refusal.when) {
      let otherwise = allow
      for (const condition of refusal.when) otherwise = compileCondition(out, condition, refused, otherwise)
      refused = otherwise
    }
    for (const number of numbersOf(refusal)) next = out.jump('jeq', number, refused, next)
  }
  return next
}

/** The filter as an array of sock_filter; `undefined` if the flags ask for none. */
export function syscallFilter(flags: number): Uint8Array | undefined {
  const refusals = REFUSALS.filter(({ flag }) => hasBit(flags, flag))
  const compatIsKilled = hasBit(flags, SYSCALL_FLAG.compat)
  if (refusals.length === 0 && !compatIsKilled) return undefined
  const out = new Assembler()
  const killed = out.return(actionValue(KILL))
  const compat = compatIsKilled
    ? killed
    : out.load(
        NUMBER_OFFSET,
        search(out, refusals, refusal => refusal.compat),
      )
  const native = search(out, refusals, ({ number }) => [number])
  // Calls of x32 are those of x86-64 by other numbers, which would pass every refusal.
  const abi = out.jump('jge', 0x80000000, native, out.jump('jge', X32_BIT, killed, native))
  const known = out.load(NUMBER_OFFSET, abi)
  const foreign = out.jump('jeq', AUDIT_ARCH_I386, compat, killed)
  return out.finish(out.load(ARCH_OFFSET, out.jump('jeq', AUDIT_ARCH_X86_64, known, foreign)))
}
