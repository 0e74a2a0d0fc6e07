/**
 * Changes to a stopped call. A tracee that is gone needs no change, because its call never
 * happens. If a change fails for another reason, the tracee is killed, because its call would be
 * made as the program wanted it.
 */
import { syscall } from '../../gate/gate.ts'
import { ptrace } from '../../gate/ptrace.ts'
import { X32_BIT } from '../../linux/abi.ts'
import { PTRACE_GETREGS, PTRACE_SETREGS } from '../../linux/constants.ts'
import { ARGUMENT_REGISTERS, USER_REGS, USER_REGS_WORDS } from '../../linux/user-regs.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Abi } from '../../decode/types.ts'

const KILL = syscallNumber('kill')
const SIGKILL = signalNumber('SIGKILL') ?? 9
const NO_CALL = 0xffffffffffffffffn

function change(tid: number, edit: (registers: BigUint64Array) => void): void {
  const registers = readRegisters(tid)
  if (registers) edit(registers)
  if (!registers || ptrace(PTRACE_SETREGS, tid, 0, registers) < 0) syscall(KILL, tid, SIGKILL)
}

/** The words of struct user_regs_struct; `undefined` if the thread is gone. */
export function readRegisters(tid: number): BigUint64Array | undefined {
  const registers = new BigUint64Array(USER_REGS_WORDS)
  return ptrace(PTRACE_GETREGS, tid, 0, registers) === 0 ? registers : undefined
}

export function setArgument(tid: number, abi: Abi, index: number, value: bigint): void {
  const place = ARGUMENT_REGISTERS[abi === 'i386' ? 'i386' : 'x86_64'][index]
  if (place === undefined) throw new RangeError(`A call has arguments 0 to 5, not ${index}.`)
  change(tid, registers => {
    registers[place] = value
  })
}

export function setNumber(tid: number, abi: Abi, nr: number): void {
  change(tid, registers => {
    registers[USER_REGS.orig_rax] = abi === 'x32' ? BigInt(nr | X32_BIT) : BigInt(nr)
  })
}

/** The kernel makes no call for number −1, and leaves the result register as it was set. */
export function skipCall(tid: number): void {
  change(tid, registers => {
    registers[USER_REGS.orig_rax] = NO_CALL
  })
}

export function setResult(tid: number, value: bigint): void {
  change(tid, registers => {
    registers[USER_REGS.rax] = BigInt.asUintN(64, value)
  })
}
