/**
 * The registers of a frame, by their DWARF numbers (System V ABI AMD64, figure 3.36), as 64-bit
 * values. A register whose value is not known (a called function may have changed it without a
 * rule) keeps its value of the callee's frame, as in debuggers.
 */
import { USER_REGS } from '../linux/user-regs.ts'

export const RBP = 6
export const RSP = 7
/** The column of the return address: the instruction pointer. */
export const RETURN = 16
export const COLUMNS = 17

export type Registers = readonly (bigint | undefined)[]

const { rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip } = USER_REGS
/** Indexes of the words of struct user_regs_struct, in DWARF order. */
const PLACES = [rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip]

export const fromUserRegisters = (words: BigUint64Array): Registers => PLACES.map(place => words[place])

/**
 * Words of struct sigcontext, from its beginning: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx,
 * rsp, rip. Source: asm/sigcontext.h.
 */
const SIGCONTEXT = [13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16]

export const fromSigcontext = (words: BigUint64Array): Registers => SIGCONTEXT.map(place => words[place])

export const SIGCONTEXT_WORDS = 17
