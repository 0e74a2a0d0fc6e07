/**
 * Finds the caller's frame if no file describes it: code generated at run time, hand-written
 * code, objects built without .eh_frame. It tries, in this order: the trampoline of a signal,
 * recognised by its instructions; a PLT entry, likewise; the frame pointer, if its value is
 * plausible.
 */
import type { MemoryReader } from '../decode/memory.ts'
import { readWord, readWords } from './memory.ts'
import { fromSigcontext, RBP, type Registers, RETURN, RSP, SIGCONTEXT_WORDS } from './registers.ts'
import type { Stepped } from './step.ts'

export interface Guessed extends Stepped {
  /** The instruction pointer is the interrupted instruction, not the one after a call. */
  readonly interrupted: boolean
}

/** mov $SYS_rt_sigreturn, %rax (or %eax); syscall. */
const TRAMPOLINES = ['48c7c00f0000000f05', 'b80f0000000f05'].map(text => Buffer.from(text, 'hex'))
/**
 * jmp *GOT(%rip), after endbr64 if there is one, and the two further instructions of a lazy
 * entry.
 */
const PLT = /^(f30f1efa)?(f2)?ff25/
const LONGEST = 9
/** A frame pointer further above than this is considered another value. */
const LARGEST_FRAME = 0x4000n
/**
 * The offset of uc_mcontext in struct ucontext. The trampoline has the struct at its stack
 * pointer.
 */
const MCONTEXT = 40n

/** `cfa`: that of the callee's frame, or the stack pointer for the innermost frame. */
export function guess(registers: Registers, cfa: bigint, memory: MemoryReader): Guessed | undefined {
  const [ip, rsp, rbp] = [registers[RETURN], registers[RSP], registers[RBP]]
  if (ip === undefined || rsp === undefined) return undefined
  const code = Buffer.from(memory.read(ip, LONGEST))
  if (TRAMPOLINES.some(each => code.subarray(0, each.length).equals(each))) {
    const words = readWords(memory, rsp + MCONTEXT, SIGCONTEXT_WORDS)
    return { registers: fromSigcontext(words), cfa: rsp, interrupted: true }
  }
  if (PLT.test(code.toString('hex')))
    return { ...above(registers, rsp + 8n, readWord(memory, rsp), rbp), interrupted: false }
  if (rbp === undefined || rbp < cfa || rbp - cfa > LARGEST_FRAME) return undefined
  const back = readWord(memory, rbp + 8n)
  return { ...above(registers, rbp + 16n, back, readWord(memory, rbp)), interrupted: false }
}

function above(registers: Registers, cfa: bigint, back: bigint, rbp: bigint | undefined): Stepped {
  const next = [...registers]
  next[RETURN] = back
  next[RSP] = cfa
  next[RBP] = rbp
  return { registers: next, cfa }
}
