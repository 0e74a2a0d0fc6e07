/**
 * Two independent ways to find out what happens to a call: run the BPF program, or evaluate the
 * policy. If they always agree, the compiler is correct.
 */
import { X32_BIT } from '../linux/abi.ts'
import { syscallByNumber } from '../linux/syscalls.ts'
import { decodeBpf, type Instruction } from './bpf.ts'
import { unknownAction } from './compile.ts'
import {
  ARCH_OFFSET,
  AUDIT_ARCH_X86_64,
  actionOf,
  DATA_BYTES,
  lowOffset,
  NUMBER_OFFSET,
  type SeccompCall,
} from './data.ts'
import { holds } from './holds.ts'
import type { KernelAction, CallPolicy } from './policy.ts'

/** seccomp_data as bytes. */
export function encodeCall({ nr, arch, args }: SeccompCall): Uint8Array {
  const bytes = new Uint8Array(DATA_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(NUMBER_OFFSET, nr, true)
  view.setUint32(ARCH_OFFSET, arch, true)
  for (const [index, value] of args.entries())
    view.setBigUint64(lowOffset(index), BigInt.asUintN(64, value), true)
  return bytes
}

const COMPARE: Readonly<Record<'jeq' | 'jgt' | 'jge' | 'jset', (a: number, k: number) => boolean>> = {
  jeq: (a, k) => a === k,
  jgt: (a, k) => a > k,
  jge: (a, k) => a >= k,
  jset: (a, k) => (a & k) !== 0,
}

/**
 * What the filter returns for a call when the kernel runs it. Throws a RangeError for a program
 * that the kernel would refuse.
 */
export function runFilter(bytes: Uint8Array, call: SeccompCall): KernelAction {
  const program: readonly (Instruction | undefined)[] = decodeBpf(bytes)
  const data = new DataView(encodeCall(call).buffer)
  let accumulator = 0
  for (let at = 0; ; at++) {
    const instruction = program[at]
    if (!instruction) throw new RangeError(`no instruction at ${at}`)
    if (instruction.op === 'return') {
      const action = actionOf(instruction.value)
      if (!action) throw new RangeError(`not an action: ${instruction.value}`)
      return action
    }
    if (instruction.op === 'load') accumulator = data.getUint32(instruction.offset, true)
    else if (instruction.op === 'and') accumulator = (accumulator & instruction.value) >>> 0
    else if (instruction.op === 'ja') at += instruction.skip
    else at += COMPARE[instruction.op](accumulator, instruction.value) ? instruction.yes : instruction.no
  }
}

/** What the policy decides about a call, without compiling it. */
export function evaluatePolicy(
  policy: CallPolicy,
  call: SeccompCall,
  foreign: KernelAction = { kind: 'kill' },
): KernelAction {
  const isX32 = call.nr >= X32_BIT && call.nr < 0x80000000
  if (call.arch !== AUDIT_ARCH_X86_64 || isX32) return foreign
  const name = syscallByNumber(call.nr)?.name
  if (name === undefined) return unknownAction(policy)
  const rule = policy.rules.find(
    ({ syscalls, when = [] }) =>
      syscalls.includes(name) && when.every(condition => holds(condition, call.args)),
  )
  return rule?.action ?? policy.otherwise
}
