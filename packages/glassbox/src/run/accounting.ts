/**
 * Who measures and limits one program: its own cgroup where the host lets us make one, else init by watching its PID
 * namespace, with rlimits behind. Owns the cgroup from `open` to `release`. It is opened before the program is known,
 * and takes the limits when they are.
 */
import { join } from 'node:path'
import { Cgroup } from '../cgroup/group.ts'
import { type CgroupSupport, detectCgroups } from '../cgroup/hierarchy.ts'
import { sweepCgroups } from '../cgroup/sweep.ts'
import type { Container, Farewell } from '../container/container.ts'
import type { EndedReport } from '../container/wire.ts'
import { CPU_SOURCE } from '../container/wire.ts'
import { cString, syscall } from '../gate/gate.ts'
import { AT_FDCWD, AT_REMOVEDIR, O_CLOEXEC, OPEN_TREE_CLONE } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
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
  /** Whether init is to measure memory and processes, and to keep the limit on memory. */
  readonly watch: boolean
  /** Lays the limits upon what runs in it. */
  limit(limits: Required<Limits>): void
  figures(report: EndedReport, limits: Required<Limits>): Figures
  release(): Promise<void>
}

const ms = (ns: bigint): number => Number(ns) / 1e6

/** No cgroup: init looks at /proc. Children that nobody waits for are counted while they live. */
export function watchedAccount(): Account {
  return {
    means: { cpuTime: 'init', memory: 'init', processes: 'rlimit' },
    joins: [],
    cpuSource: CPU_SOURCE.scan,
    watch: true,
    limit: () => {},
    figures: (report, limits) => {
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
        // An rlimit does not count what it refuses: that init saw as many as are allowed is all that is known.
        refusedProcesses: report.watchedProcesses >= limits.processes ? 1 : 0,
      }
    },
    release: async () => {},
  }
}

/** A cgroup of the program's own. */
function cgroupAccount(group: Cgroup): Account {
  const means = (controller: 'cpuacct' | 'memory' | 'pids'): Means =>
    group.version(controller) === 1 ? 'cgroup-v1' : 'cgroup-v2'
  const directory = group.directoryFd()
  const cpuTime = group.cpuTimeSource()
  return {
    means: { cpuTime: means('cpuacct'), memory: means('memory'), processes: means('pids') },
    joins: group.joinFds(),
    ...(directory === undefined ? {} : { directory }),
    cpuFile: cpuTime.fd,
    cpuSource: cpuTime.version === 1 ? CPU_SOURCE.nanoseconds : CPU_SOURCE.stat,
    watch: false,
    limit: ({ memoryBytes, processes }) => group.limit({ memoryBytes, processes }),
    figures: (report, limits) => {
      const { totalNs, userNs, systemNs } = group.cpuTime()
      const processes = group.peakProcesses()
      return {
        cpuTimeMs: totalNs / 1e6,
        userTimeMs: userNs / 1e6,
        systemTimeMs: systemNs / 1e6,
        // Before Linux 5.19 v2 keeps no peak; the largest single process is then the best that is known.
        memoryBytes: group.peakMemory() ?? report.maxRssBytes,
        ...(processes === undefined ? {} : { processes }),
        oomKills: group.oomKills(),
        // A limit further up refuses too: it is ours only where as many ran as are allowed.
        refusedProcesses: (processes ?? Infinity) >= limits.processes ? group.refusedProcesses() : 0,
      }
    },
    release: () => group.remove(),
  }
}

let support: CgroupSupport | undefined

/** Looks at the host once; what earlier, killed processes left is removed on the way, behind the first run's back. */
function hostCgroups(): CgroupSupport {
  if (support) return support
  support = detectCgroups()
  sweepCgroups(support).catch(() => {}) // what cannot be removed now stays for the next start
  return support
}
const parents = new Map<string, number>()

/**
 * A descriptor of a directory that groups are made in, opened once for the life of the process. init keeps it, and a program
 * has what init has until its execve: so it is a mount of its own, whose `..` leads nowhere, not a part of the host's tree.
 * Negative where this process may make no mounts.
 */
function parentDescriptor(path: string): number {
  const known = parents.get(path)
  if (known !== undefined) return known
  const fd = syscall(syscallNumber('open_tree'), AT_FDCWD, cString(path), OPEN_TREE_CLONE | O_CLOEXEC)
  parents.set(path, fd)
  return fd
}

/** The plan by which init removes the group if this process is killed; without privilege the next start's sweep does. */
function farewell(group: Cgroup): Farewell | undefined {
  const builder = new PlanBuilder('remove the cgroups of the box')
  const leaves = group.leaves()
  const descriptors = leaves.map(({ parent }) => parentDescriptor(parent))
  if (descriptors.some(fd => fd < 0)) return undefined
  const slots = leaves.map(({ parent }) => builder.input(parent))
  for (const [index, { parent, name }] of leaves.entries()) {
    const slot = slots[index] as (typeof slots)[number]
    builder.call('unlinkat', [slot, text(name), AT_REMOVEDIR], `remove ${join(parent, name)}`, {
      onError: [ERRNO.ENOENT],
    })
  }
  return { plan: builder.build(), descriptors }
}

/** Opens the account of one program in a container. */
export function openAccount(container: Container, { memoryBytes, processes }: Required<Limits>): Account {
  const group = Cgroup.plan({}, hostCgroups())
  if ('missing' in group) return watchedAccount()
  const last = farewell(group)
  if (last) container.setFarewell(last)
  group.create({ memoryBytes, processes })
  try {
    return cgroupAccount(group)
  } catch (error) {
    group.remove().catch(() => {}) // the first error is the news
    throw error
  }
}

/** What an account would be, for the printer of plans: nothing is made. */
export function planAccount(): {
  readonly joins: number
  readonly born: boolean
  readonly countsProcesses: boolean
} {
  const group = Cgroup.plan({}, hostCgroups())
  if ('missing' in group) return { joins: 0, born: false, countsProcesses: false }
  const versions = group.versions()
  return {
    joins: versions.filter(version => version === 1).length,
    born: versions.includes(2),
    countsProcesses: true,
  }
}
