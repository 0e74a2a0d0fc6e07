/** A system call as the kernel sees it: its number and its registers. */
export type { Abi, Call, Outcome } from './types.ts'
