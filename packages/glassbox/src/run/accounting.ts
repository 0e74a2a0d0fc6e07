/**
 * Who measures and limits one program: its own cgroup where the host lets us make one, else init by watching its PID
 * namespace, with rlimits behind. Owns the cgroup from `open` to `release`.
 */
import type { Container } from '../container/container.ts'
import type { EndedReport } from '../container/wire.ts'
import { CPU_SOURCE } from '../container/wire.ts'
import type { Limits } from './options.ts'
import type { Means } from './result.ts'

/** What was used, when everything is dead. */
export interface Figures {
  readonly cpuTimeMs: number
  readonly userTimeMs: number
  readonly systemTimeMs: number
  readonly memoryBytes: number
  readonly processes?: number
  readonly oomKills: number
  readonly refusedProcesses: number
}

export interface Account {
  readonly means: { readonly cpuTime: Means; readonly memory: Means; readonly processes: Means }
  /** `cgroup.procs` files to join by (v1), the directory to be born in (v2), the file of the CPU time. */
  readonly joins: readonly number[]
  readonly directory?: number
  readonly cpuFile?: number
  readonly cpuSource: number
  /** Whether init is to measure memory and processes, and the memory limit that it keeps (0: none). */
  readonly watch: boolean
  readonly memoryLimit: bigint
  figures(report: EndedReport): Figures
  release(): Promise<void>
}

const ms = (ns: bigint): number => Number(ns) / 1e6

/** No cgroup: init looks at /proc. Children that nobody waits for are counted while they live. */
export function watchedAccount(limits: Required<Limits>): Account {
  return {
    means: { cpuTime: 'init', memory: 'init', processes: 'rlimit' },
    joins: [],
    cpuSource: CPU_SOURCE.scan,
    watch: true,
    memoryLimit: limits.memoryBytes === Infinity ? 0n : BigInt(limits.memoryBytes),
    figures: report => {
      const reaped = Number(report.userUs + report.systemUs) / 1000
      const cpuTimeMs = Math.max(reaped, ms(report.watchedCpuNs))
      const systemTimeMs = Number(report.systemUs) / 1000
      return {
        cpuTimeMs,
        userTimeMs: cpuTimeMs - systemTimeMs,
        systemTimeMs,
        memoryBytes: Math.max(report.watchedMemory, report.maxRssBytes),
        processes: Math.max(1, report.watchedProcesses),
        oomKills: 0,
        refusedProcesses: 0,
      }
    },
    release: async () => {},
  }
}

/** Opens the account of one program. */
export async function openAccount(_container: Container, limits: Required<Limits>): Promise<Account> {
  return watchedAccount(limits)
}
