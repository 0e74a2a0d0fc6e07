/**
 * A policy of handlers by the numbers of each face of the kernel: no call named exit is made as it
 * was asked for.
 */
import type { HandlersModule } from '#glassbox/index.js'

const EXIT = { x86_64: 60, x32: 60, i386: 1 } as const
const OTHER_CODE = 7n

const forbidsExit: HandlersModule = () => ({
  enter(call, tracee) {
    if (call.nr === EXIT[call.abi]) tracee.setArgument(0, OTHER_CODE)
  },
})

export default forbidsExit
