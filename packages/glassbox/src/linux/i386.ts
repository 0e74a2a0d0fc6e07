/** Calls by `int 0x80`, which have the numbers of i386. */
import { I386_ARGUMENTS, I386_FORMS } from './generated/compat.ts'
import { I386 } from './generated/i386.ts'
import { AbiCalls } from './other-abi.ts'
import type { Syscall } from './syscall.ts'

const calls = new AbiCalls({ numbers: I386, forms: I386_FORMS, own: I386_ARGUMENTS })

/** The number of a call; −1 if there is none of that name. Does not build the table. */
export const i386Number = (name: string): number => calls.numberOf(name)

/** All calls of i386, in the order of their numbers. */
export const i386Syscalls = (): readonly Syscall[] => calls.all()
export const i386ByNumber = (nr: number): Syscall | undefined => calls.byNumber(nr)
export const i386ByName = (name: string): Syscall | undefined => calls.byName(name)
