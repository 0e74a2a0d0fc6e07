/**
 * Moves init to another CPU. The kernel leaves a child of vfork on the CPU of its parent. If the
 * CPUs share no cache (in virtual machines), a wake-up does not move it either. Then init would
 * wait until this process sleeps, although another CPU is idle.
 */
import { affinity, cpuCount, currentCpu, setAffinity, withoutCpu } from '../gate/affinity.ts'

/**
 * Moves a process to any other CPU. Its affinity mask is restored at once, so the kernel may move
 * it back later.
 */
export function moveToAnotherCpu(pid: number): void {
  const mask = affinity(pid)
  if (!mask || cpuCount(mask) < 2) return
  if (setAffinity(pid, withoutCpu(mask, currentCpu()))) setAffinity(pid, mask)
}
