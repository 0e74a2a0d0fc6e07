/**
 * The frame above if no file tells of it: code that was made at run time, hand-written code,
 * objects built without .eh_frame. In this order: the trampoline of a signal, known by its
 * instructions; an entry of a PLT, likewise; else the frame pointer, if it looks like one.
 */
import type { MemoryReader } from '../decode/memory.ts'
import { readWord, readWords } from './memory.ts'
import { fromSigcontext, RBP, type Registers, RETURN, RSP, SIGCONTEXT_WORDS } from './registers.ts'
import type { Stepped } from './step.ts'

export interface Guessed extends Stepped {
  /** Its instruction pointer is where a signal came, not behind a call. */
  readonly interrupted: boolean
}

/** mov $SYS_rt_sigreturn, %rax (or %eax); syscall. */
const TRAMPOLINES = ['48c7c00f0000000f05', 'b80f0000000f05'].map(text => Buffer.from(text, 'hex'))
/**
 * jmp *GOT(%rip), after endbr64 if there is one; the two further instructions of a lazy entry.
 */
const PLT = /^(f30f1efa)?(f2)?ff25/
const LONGEST = 9
/** A frame pointer that is further above is taken for another value. */
const LARGEST_FRAME = 0x4000n
/** Of struct ucontext: uc_mcontext. The trampoline finds it at its stack pointer. */
const MCONTEXT = 40n

/** `cfa`: of the frame below, or the stack pointer of the innermost. */
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
