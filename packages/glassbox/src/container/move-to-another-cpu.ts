/**
 * Another processor for init. The kernel leaves a child of vfork on the processor of its parent, and where processors share no cache (virtual machines)
 * no wake-up takes it away from there either: init would wait until this process sleeps, though another processor is idle.
 */
import { affinity, cpuCount, currentCpu, setAffinity, withoutCpu } from '../gate/affinity.ts'

/** Moves a process that may run everywhere we may to any other processor. It may come back at once. */
export function startElsewhere(pid: number): void {
  const mask = affinity(pid)
  if (!mask || cpuCount(mask) < 2) return
  if (setAffinity(pid, withoutCpu(mask, currentCpu()))) setAffinity(pid, mask)
}
