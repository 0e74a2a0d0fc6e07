/** The cgroups of this host, examined once in the life of the process, and limits of groups. */
import type { CgroupLimits } from './controls.ts'
import { type CgroupSupport, detectCgroups } from './hierarchy.ts'
import { sweepCgroups } from './sweep.ts'

let support: CgroupSupport | undefined

/**
 * What the host offers. The first call also starts to remove, in the background, the groups that
 * killed glassbox processes have left.
 */
export function hostCgroups(): CgroupSupport {
  if (support) return support
  support = detectCgroups()
  sweepLater(support)
  return support
}

/** Not before the first sandbox is being set up. What fails is removed at the next start. */
function sweepLater(known: CgroupSupport): void {
  setImmediate(() => void sweepCgroups(known).catch(() => {}))
}

/**
 * The lowest memory limit that is set in the kernel. Until execve the child shares the memory of
 * the process that starts it, and the kernel's out-of-memory killer kills every process that
 * shares it. So there always has to be enough memory to start a program, even one with arguments
 * of 6 MB. A lower limit is enforced in the verdict only, by the peak.
 */
const LEAST_MEMORY_BYTES = 8 * 2 ** 20

/** The limits of a program that are set in the kernel; see LEAST_MEMORY_BYTES. */
export const kernelLimits = (limits: {
  readonly memoryBytes: number
  readonly processes: number
}): CgroupLimits => ({
  memoryBytes: Math.max(limits.memoryBytes, LEAST_MEMORY_BYTES),
  processes: limits.processes,
})

/**
 * The new processes that the limit of a group refused. A limit of a group further up can also
 * refuse some. It was the group's own limit only if as many processes ran as are allowed.
 */
export const refusedByOwnLimit = (
  counted: { readonly peakProcesses: number | undefined; readonly refusedProcesses: number },
  limit: number,
): number => ((counted.peakProcesses ?? Infinity) >= limit ? counted.refusedProcesses : 0)
