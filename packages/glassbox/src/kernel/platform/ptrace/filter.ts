/**
 * The seccomp filter of a stub: the wall behind PTRACE_SYSEMU. Calls may come only from the
 * instruction of the batch, and only those that batches need: shared mappings of the two files at
 * fixed addresses, their removal and protection, and threads of the same process. A call of the
 * vsyscall page, which PTRACE_SYSEMU does not see, becomes a signal. All else kills.
 */
import { STUB_CACHE_FD, STUB_CODE, STUB_WORLD_FD } from '../../../gate/guest.ts'
import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_SIGHAND,
  CLONE_SYSVSEM,
  CLONE_THREAD,
  CLONE_VM,
  MAP_FIXED,
  MAP_POPULATE,
  MAP_SHARED,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_KILL_PROCESS,
  SECCOMP_RET_TRAP,
} from '../../../linux/constants.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { encodeBpf, type Instruction } from '../../../seccomp/bpf.ts'
import {
  ARCH_OFFSET,
  AUDIT_ARCH_X86_64,
  lowOffset,
  NUMBER_OFFSET,
  POINTER_OFFSETS,
} from '../../../seccomp/data.ts'

/** The flags of a mapping of a guest. */
export const MAP_FLAGS: number = MAP_SHARED | MAP_FIXED
/** The flags of a new thread: it shares everything with the stub. */
export const THREAD_FLAGS: number =
  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM

/** Where the calls of a batch are made: the instruction after it, in native/stub.c. */
const CALL_END = STUB_CODE + 130
const VSYSCALL_HIGH = 0xffffffff

/** A test of the filter: the word at `offset` has to be `value`, or else go to that return. */
interface Test {
  readonly offset: number
  readonly value: number
  /** The bits that are not tested. */
  readonly ignored?: number
}

const call = (name: string): Test => ({ offset: NUMBER_OFFSET, value: syscallNumber(name) })
const argument = (index: number, value: number, ignored = 0): Test => ({
  offset: lowOffset(index),
  value,
  ignored,
})

/** Each rule allows a call if all its tests hold. */
const RULES: readonly (readonly Test[])[] = [
  [call('mmap'), argument(3, MAP_FLAGS, MAP_POPULATE), argument(4, STUB_WORLD_FD)],
  [call('mmap'), argument(3, MAP_FLAGS, MAP_POPULATE), argument(4, STUB_CACHE_FD)],
  [call('munmap')],
  [call('mprotect')],
  [call('clone'), argument(0, THREAD_FLAGS)],
]

/** A rule as instructions: when a test fails, it goes to the instruction after the rule. */
function ruleInstructions(tests: readonly Test[]): Instruction[] {
  const steps: Instruction[][] = tests.map(({ offset, ignored = 0 }) => [
    { op: 'load', offset },
    ...(ignored === 0 ? [] : [{ op: 'and' as const, value: ~ignored >>> 0 }]),
  ])
  const length = steps.reduce((sum, step) => sum + step.length + 1, 1)
  const program: Instruction[] = []
  for (const [index, step] of steps.entries()) {
    program.push(...step)
    const left = length - program.length - 1
    program.push({ op: 'jeq', value: (tests[index] as Test).value >>> 0, yes: 0, no: left })
  }
  return [...program, { op: 'return', value: SECCOMP_RET_ALLOW }]
}

/** The filter, as an array of sock_filter. */
export function stubFilter(): Uint8Array {
  const rules = RULES.flatMap(ruleInstructions)
  const high = Math.floor(CALL_END / 2 ** 32)
  const low = CALL_END % 2 ** 32
  const after = rules.length
  const toKill = (position: number): number => HEAD + after - position - 1
  const HEAD = 7
  const head: Instruction[] = [
    { op: 'load', offset: ARCH_OFFSET },
    { op: 'jeq', value: AUDIT_ARCH_X86_64, yes: 0, no: toKill(1) },
    { op: 'load', offset: POINTER_OFFSETS.high },
    { op: 'jeq', value: VSYSCALL_HIGH, yes: toKill(3) + 1, no: 0 },
    { op: 'jeq', value: high, yes: 0, no: toKill(4) },
    { op: 'load', offset: POINTER_OFFSETS.low },
    { op: 'jeq', value: low, yes: 0, no: toKill(6) },
  ]
  return encodeBpf([
    ...head,
    ...rules,
    { op: 'return', value: SECCOMP_RET_KILL_PROCESS },
    { op: 'return', value: SECCOMP_RET_TRAP },
  ])
}
