/**
 * Another processor for init. The kernel leaves a child of vfork on the processor of its parent.
 * If processors share no cache (in virtual machines), no wake-up moves it from there either: init
 * would wait until this process sleeps, although another processor is idle.
 */
import { affinity, cpuCount, currentCpu, setAffinity, withoutCpu } from '../gate/affinity.ts'

/**
 * Moves a process to any other processor. It may come back at once: its mask is afterwards as it
 * was.
 */
export function moveToAnotherCpu(pid: number): void {
  const mask = affinity(pid)
  if (!mask || cpuCount(mask) < 2) return
  if (setAffinity(pid, withoutCpu(mask, currentCpu()))) setAffinity(pid, mask)
}
