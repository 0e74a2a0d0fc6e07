/**
 * Which CPU a kernel and its guests share: the one with the fewest kernels, of those that this
 * process may use. With one CPU a call costs a fifth of what it costs across two.
 */
import { affinity, hasCpu } from '../../gate/affinity.ts'

const users = new Map<number, number>()

export interface CpuLease {
  /** Undefined if the host does not tell. */
  readonly cpu: number | undefined
  release(): void
}

export function leaseCpu(): CpuLease {
  const mask = affinity(0)
  if (!mask) return { cpu: undefined, release: () => {} }
  const allowed = Array.from({ length: mask.length * 8 }, (_, cpu) => cpu).filter(cpu => hasCpu(mask, cpu))
  const load = (cpu: number): number => users.get(cpu) ?? 0
  const cpu = allowed.toReversed().reduce((best, each) => (load(each) < load(best) ? each : best))
  users.set(cpu, load(cpu) + 1)
  return { cpu, release: () => users.set(cpu, load(cpu) - 1) }
}
