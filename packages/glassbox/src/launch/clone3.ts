/**
 * Whether clone3(2) is there. Filters of containers hide it; then clone(2) is called instead
 * (native/plan.c), which cannot put a child into a cgroup.
 */
import { syscall } from '../gate/gate.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'

let known: boolean | undefined

/** Asks the kernel once: without arguments, clone3 fails with EINVAL and does nothing. */
export const hasClone3 = (): boolean => (known ??= syscall(syscallNumber('clone3'), 0, 0) === -ERRNO.EINVAL)
