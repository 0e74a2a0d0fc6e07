/**
 * Who measures and limits the programs of a container, one after another: a cgroup where the host
 * lets us make one, else init by watching its PID namespace, with rlimits behind. Nothing of it
 * exists before init prepares a child.
 */
import { openSync } from 'node:fs'
import type { CgroupLimits } from '../../cgroup/controls.ts'
import { Cgroup } from '../../cgroup/group.ts'
import { type CgroupSupport, detectCgroups } from '../../cgroup/hierarchy.ts'
import { addRemoveSteps } from '../../cgroup/steps.ts'
import { sweepCgroups } from '../../cgroup/sweep.ts'
import type { Container } from '../../container/container.ts'
import { CPU_SOURCE, type EndedReport } from '../../container/wire.ts'
import { ownDescriptor } from '../../gate/descriptors.ts'
import { cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH, OPEN_TREE_CLONE } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { PlanBuilder } from '../../plan/builder.ts'
import type { Limits } from '../../job/options.ts'
import type { MeasuredBy, Measurer, Usage } from '../../job/ending.ts'

/**
 * The least limit on memory that the kernel is told. Until execve the child shares init's memory,
 * and the kernel's out-of-memory killer takes all who share it: what starting a program takes,
 * arguments of 6 MB included, must always be there. A limit below is judged by the peak.
 */
const LEAST_MEMORY_BYTES = 8 * 2 ** 20

/** What the counters say when everything is dead. */
export interface Counted {
  readonly usage: Usage
  readonly measuredBy: MeasuredBy
  readonly oomKills: number
  readonly refusedProcesses: number
}

export interface Account {
  readonly measuredBy: MeasuredBy
  /**
   * The group that each program gets anew, and descriptors of the directories that it is made in.
   */
  readonly group?: { readonly cgroup: Cgroup; readonly parents: readonly number[] }
  readonly cpuSource: number
  /** Whether init is to measure memory and processes, and to keep the limit on memory. */
  readonly watch: boolean
  count(report: EndedReport, limits: Required<Limits>): Counted
}

const ms = (ns: bigint): number => Number(ns) / 1e6

const WATCHED_BY: MeasuredBy = { cpuTime: 'init', memory: 'init', processes: 'rlimit' }

/** No cgroup: init looks at /proc. Children that nobody waits for are counted while they live. */
export const WATCHED: Account = {
  measuredBy: WATCHED_BY,
  cpuSource: CPU_SOURCE.scan,
  watch: true,
  count: (report, limits) => {
    const reaped = Number(report.userUs + report.systemUs) / 1000
    const cpuTimeMs = Math.max(reaped, ms(report.watchedCpuNs))
    const systemTimeMs = Number(report.systemUs) / 1000
    return {
      usage: {
        cpuTimeMs,
        userTimeMs: cpuTimeMs - systemTimeMs,
        systemTimeMs,
        memoryBytes: Math.max(report.watchedMemory, report.maxRssBytes),
        processes: Math.max(1, report.watchedProcesses),
      },
      measuredBy: WATCHED_BY,
      oomKills: 0,
      // An rlimit does not count what it refuses: that init saw as many as are allowed is all that
      // is known.
      refusedProcesses: report.watchedProcesses >= limits.processes ? 1 : 0,
    }
  },
}

function cgroupAccount(cgroup: Cgroup): Account {
  const by = (controller: 'cpuacct' | 'memory' | 'pids'): Measurer =>
    cgroup.version(controller) === 1 ? 'cgroup-v1' : 'cgroup-v2'
  const measuredBy = { cpuTime: by('cpuacct'), memory: by('memory'), processes: by('pids') }
  return {
    measuredBy,
    group: { cgroup, parents: cgroup.parts.map(({ parent }) => parentDescriptor(parent).fd) },
    cpuSource: cgroup.version('cpuacct') === 1 ? CPU_SOURCE.nanoseconds : CPU_SOURCE.stat,
    watch: false,
    count: (report, limits) => countByCgroup(cgroup, measuredBy, report, limits),
  }
}

/** What the group's counters say, from the texts that init reported. */
export function countByCgroup(
  cgroup: Cgroup,
  measuredBy: MeasuredBy,
  report: Pick<EndedReport, 'counters' | 'maxRssBytes'>,
  limits: Pick<Required<Limits>, 'processes'>,
): Counted {
  const { cpuTime, peakMemory, peakProcesses, oomKills, refusedProcesses } = cgroup.counters(report.counters)
  return {
    usage: {
      cpuTimeMs: cpuTime.totalNs / 1e6,
      userTimeMs: cpuTime.userNs / 1e6,
      systemTimeMs: cpuTime.systemNs / 1e6,
      // Before Linux 5.19 v2 keeps no peak; the largest single process is then the best that is
      // known.
      memoryBytes: peakMemory ?? report.maxRssBytes,
      ...(peakProcesses === undefined ? {} : { processes: peakProcesses }),
    },
    measuredBy: peakMemory === undefined ? { ...measuredBy, memory: 'init' } : measuredBy,
    oomKills,
    // A limit further up refuses too: it is ours only if as many ran as are allowed.
    refusedProcesses: (peakProcesses ?? Infinity) >= limits.processes ? refusedProcesses : 0,
  }
}

/** What the kernel is told; see LEAST_MEMORY_BYTES. */
export const kernelLimits = ({ memoryBytes, processes }: Required<Limits>): CgroupLimits => ({
  memoryBytes: Math.max(memoryBytes, LEAST_MEMORY_BYTES),
  processes,
})

let support: CgroupSupport | undefined

/**
 * Looks at the host once; what earlier, killed processes left is removed on the way, behind the
 * first run's back.
 */
function hostCgroups(): CgroupSupport {
  if (support) return support
  support = detectCgroups()
  sweepCgroups(support).catch(() => {}) // what cannot be removed now stays for the next start
  return support
}

interface ParentDirectory {
  readonly fd: number
  /** Whether its `..` leads nowhere. */
  readonly detached: boolean
}

const parents = new Map<string, ParentDirectory>()

/**
 * A descriptor of a directory that groups are made in, opened once for the life of the process.
 * init keeps it for its disconnect plan, and a program has what init has until its execve: so it
 * is a mount of its own, not a part of the host's tree, where this process may make mounts;
 * elsewhere init gets it only for as long as it makes a group.
 */
function parentDescriptor(path: string): ParentDirectory {
  const known = parents.get(path)
  if (known) return known
  const clone = syscall(syscallNumber('open_tree'), AT_FDCWD, cString(path), OPEN_TREE_CLONE | O_CLOEXEC)
  const directory =
    clone < 0
      ? { fd: openSync(path, O_PATH | O_DIRECTORY | O_CLOEXEC), detached: false }
      : { fd: ownDescriptor(clone), detached: true }
  parents.set(path, directory)
  return directory
}

/**
 * Has init remove the group when this process is gone; without privilege the next start's sweep
 * does.
 */
function setDisconnectPlan(container: Container, cgroup: Cgroup): void {
  const directories = cgroup.parts.map(({ parent }) => parentDescriptor(parent))
  if (directories.some(({ detached }) => !detached)) return
  const builder = new PlanBuilder('remove the cgroups of the box')
  const slots = cgroup.parts.map(({ parent }) => builder.input(parent))
  addRemoveSteps(builder, cgroup, slots)
  container.setDisconnectPlan({ plan: builder.build(), descriptors: directories.map(({ fd }) => fd) })
}

/** The account of the programs of a container. */
export function openAccount(container: Container): Account {
  const cgroup = Cgroup.plan({}, hostCgroups())
  if ('missing' in cgroup) return WATCHED
  cgroup.enableControllers()
  setDisconnectPlan(container, cgroup)
  return cgroupAccount(cgroup)
}

/** The group of a run, for the printer of plans: nothing is made. */
export function planGroup(): Cgroup | undefined {
  const cgroup = Cgroup.plan({}, hostCgroups())
  return 'missing' in cgroup ? undefined : cgroup
}
