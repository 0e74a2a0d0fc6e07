/**
 * Whether other processes of the same user may look at the memory of this process
 * (PR_GET_DUMPABLE). A change of ids makes a process undumpable, also one by a thread or by a
 * child that shares its memory; its files in /proc belong to root then. So a process that changes
 * ids puts this back.
 */
import { syscall } from '../gate/gate.ts'
import { PR_GET_DUMPABLE } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

let known: boolean | undefined

/** As it was at the first call: later, another thread may be in the middle of a change. */
export const isDumpable = (): boolean => (known ??= syscall(syscallNumber('prctl'), PR_GET_DUMPABLE) === 1)
