/**
 * Measures and limits the programs of a container, which run one after another. If this process
 * can make a cgroup, the cgroup does both. Otherwise init watches its PID namespace, and rlimits
 * stand behind it. The group of a program does not exist before init prepares its child.
 */
import { openSync } from 'node:fs'
import { Cgroup } from '../../cgroup/group.ts'
import { hostCgroups, kernelLimits, refusedByOwnLimit } from '../../cgroup/host.ts'
import { addRemoveSteps } from '../../cgroup/steps.ts'
import type { Container } from '../../container/container.ts'
import type { PreparedGroup } from '../../container/prepare-plan.ts'
import { CPU_SOURCE, type EndedReport } from '../../container/wire.ts'
import { cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH, OPEN_TREE_CLONE } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { PlanBuilder } from '../../plan/builder.ts'
import type { GroupView } from '../../rootfs/types.ts'
import type { Limits } from '../../job/options.ts'
import type { MeasuredBy, Measurer, Usage } from '../../job/ending.ts'

/** The values of the counters once every process is dead. */
export interface Counted {
  readonly usage: Usage
  readonly measuredBy: MeasuredBy
  readonly oomKills: number
  readonly refusedProcesses: number
}

/** How the programs of one container are measured and limited. */
export interface Account {
  readonly measuredBy: MeasuredBy
  /**
   * The group, which is made anew for each program, and descriptors of its parent directories.
   */
  readonly group?: { readonly cgroup: Cgroup; readonly parents: readonly number[] }
  readonly cpuSource: number
  /** Whether init measures memory and processes, and enforces the memory limit. */
  readonly watch: boolean
  count(report: EndedReport, limits: Required<Limits>): Counted
}

const ms = (ns: bigint): number => Number(ns) / 1e6

const WATCHED_BY: MeasuredBy = { cpuTime: 'init', memory: 'init', processes: 'rlimit' }

/**
 * Without a cgroup: init reads /proc. A child that its parent never reaps counts while it lives.
 */
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
      // An rlimit does not count refusals. The only evidence is that init saw as many processes as
      // are allowed.
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

/**
 * The peak in two parts. The kernel records the peak of both together only, so each of the two
 * samples is a lower bound: of the cache, and of the rest. The peak less the most cache that was
 * seen is too low if the cache grew after the program had freed memory; then the sample is larger.
 */
const memoryParts = (
  peak: number,
  { cacheBytes, mostCacheBytes, mostOwnBytes }: MemorySamples,
): Pick<Usage, 'ownMemoryBytes' | 'pageCacheBytes'> => ({
  ownMemoryBytes: Math.min(peak, Math.max(peak - mostCacheBytes, mostOwnBytes)),
  pageCacheBytes: Math.min(peak, cacheBytes),
})

type MemorySamples = Pick<EndedReport, 'cacheBytes' | 'mostCacheBytes' | 'mostOwnBytes'>

/** Parses the texts of the group's counters that init reported. */
export function countByCgroup(
  cgroup: Cgroup,
  measuredBy: MeasuredBy,
  report: Pick<EndedReport, 'counters' | 'maxRssBytes'> & MemorySamples,
  limits: Pick<Required<Limits>, 'processes'>,
): Counted {
  const counters = cgroup.counters(report.counters)
  const { cpuTime, peakMemory, peakProcesses, oomKills } = counters
  return {
    usage: {
      cpuTimeMs: cpuTime.totalNs / 1e6,
      userTimeMs: cpuTime.userNs / 1e6,
      systemTimeMs: cpuTime.systemNs / 1e6,
      // Before Linux 5.19, cgroup v2 has no peak. The largest single process is the best estimate.
      memoryBytes: peakMemory ?? report.maxRssBytes,
      ...(peakMemory === undefined ? {} : memoryParts(peakMemory, report)),
      ...(peakProcesses === undefined ? {} : { processes: peakProcesses }),
    },
    measuredBy: peakMemory === undefined ? { ...measuredBy, memory: 'init' } : measuredBy,
    oomKills,
    refusedProcesses: refusedByOwnLimit(counters, limits.processes),
  }
}

/** The group of a program as its child is prepared in it. `shown`: what the program sees of it. */
export const preparedGroup = (
  cgroup: Cgroup,
  limits: Required<Limits>,
  shown: GroupView | undefined,
): PreparedGroup => ({ cgroup, limits: kernelLimits(limits), ...(shown ? { shown } : {}) })

interface ParentDirectory {
  readonly fd: number
  /** Whether its `..` leads nowhere. */
  readonly detached: boolean
}

const parents = new Map<string, ParentDirectory>()

/**
 * A descriptor of a parent directory of groups, opened once for the life of the process. init
 * keeps it for its disconnect plan, and until its execve a child has every descriptor of init. So
 * if this process may make mounts, the descriptor is of a detached mount, from which the host's
 * tree cannot be reached. Otherwise init holds it only while it makes a group.
 */
function parentDescriptor(path: string): ParentDirectory {
  const known = parents.get(path)
  if (known) return known
  const clone = syscall(syscallNumber('open_tree'), AT_FDCWD, cString(path), OPEN_TREE_CLONE | O_CLOEXEC)
  const directory =
    clone < 0
      ? { fd: openSync(path, O_PATH | O_DIRECTORY | O_CLOEXEC), detached: false }
      : { fd: clone, detached: true }
  parents.set(path, directory)
  return directory
}

/**
 * Makes init remove the group if this process is gone. Without a detached mount, a later sweep
 * removes it instead.
 */
function setDisconnectPlan(container: Container, cgroup: Cgroup): void {
  const directories = cgroup.parts.map(({ parent }) => parentDescriptor(parent))
  if (directories.some(({ detached }) => !detached)) return
  const builder = new PlanBuilder('remove the cgroups of the box')
  const slots = cgroup.parts.map(({ parent }) => builder.input(parent))
  addRemoveSteps(builder, cgroup, slots)
  container.setDisconnectPlan({ plan: builder.build(), descriptors: directories.map(({ fd }) => fd) })
}

/**
 * The account of the programs of a container. On cgroup v2 this may move processes of the parent
 * group into a leaf: see cgroup/leaf.ts.
 */
export function openAccount(container: Container): Account {
  const cgroup = Cgroup.plan({}, hostCgroups())
  if ('missing' in cgroup) return WATCHED
  cgroup.enableControllers()
  setDisconnectPlan(container, cgroup)
  return cgroupAccount(cgroup)
}

/** The group of a run, for printing its plan. Nothing is made. */
export function planGroup(): Cgroup | undefined {
  const cgroup = Cgroup.plan({}, hostCgroups())
  return 'missing' in cgroup ? undefined : cgroup
}
