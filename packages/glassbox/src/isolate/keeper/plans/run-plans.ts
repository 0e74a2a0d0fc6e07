/**
 * The plans of a run, and what they need of the host. Makes nothing: `run.ts` sends the plans, and
 * `plan-text.ts` prints them.
 */
import { statSync } from 'node:fs'
import { type PreparePlan, preparePlan } from '../../../container/prepare-plan.ts'
import { CPU_SOURCE, type LaunchHeader } from '../../../container/wire.ts'
import { BOX_DIRECTORY } from '../../../job/box-layout.ts'
import { raisedLimits } from '../../../launch/resource-limits.ts'
import type { Plan } from '../../../plan/types.ts'
import type { CallIo, DirectoryRule, Ids, IsolateCall, IsolateConfig } from '../../types.ts'
import { asCaller } from '../../as-caller.ts'
import { type BoxPaths, boxPaths } from '../box/paths.ts'
import { type BoxGroup, boxGroup, groupRoot } from '../groups.ts'
import { complaintPlan, type ProgramPlan, programPlan, type ProgramSpec } from './program-plan.ts'
import { rlimits } from './rlimits.ts'
import { rootPlan, sourceOf } from './root-plan.ts'
import { syscallFilter } from './syscall-filter.ts'

const NS_PER_MS = 1_000_000n

export interface RunPlans {
  readonly paths: BoxPaths
  /** Those that are mounted, in order. */
  readonly rules: readonly DirectoryRule[]
  /** The stores of tmp rules, which have to exist. */
  readonly stores: readonly string[]
  readonly group: BoxGroup | undefined
  readonly root: Plan
  readonly prepare: PreparePlan
  readonly program: ProgramPlan
  /** The plan that takes the program's place if it cannot be executed. */
  readonly complaint: (text: string) => ProgramPlan
  readonly header: (plan: ProgramPlan) => LaunchHeader
}

/** `caller` decides which sources a rule can reach. */
function activeRules(rules: readonly DirectoryRule[], paths: BoxPaths, caller: Ids): DirectoryRule[] {
  const isThere = (rule: DirectoryRule): boolean => {
    if (rule.kind === 'fs') return false // the original looks for a directory of that name
    const look = (): boolean =>
      statSync(sourceOf(rule, paths), { throwIfNoEntry: false })?.isDirectory() ?? false
    try {
      return asCaller(caller, look)
    } catch {
      return false
    }
  }
  return rules.filter(rule => !rule.maybe || isThere(rule))
}

/** `inherited`: the descriptors above 2 that the program gets. */
export function runPlans(
  call: IsolateCall,
  config: IsolateConfig,
  { ids, hasOwnDescriptors }: CallIo,
  inherited: readonly number[],
): RunPlans {
  const { program } = call
  const { limits } = program
  const paths = boxPaths(config, Number(call.boxId))
  const rules = activeRules(program.directories, paths, ids)
  const byGroup = call.cg && call.cgTiming
  // Without a group, init has to look at every process while there is a limit to keep.
  const watch = !byGroup && limits.cpuMs !== undefined
  const group = call.cg
    ? boxGroup(groupRoot(config), paths.id, config.boxes.get(paths.id), limits.cgMemKiB)
    : undefined
  const own = rlimits(limits, hasOwnDescriptors)
  const filter = syscallFilter(program.syscallFlags ?? config.syscallFlags)
  const spec: ProgramSpec = { program, rlimits: own, inherited }
  return {
    ...{ paths, rules },
    stores: rules.flatMap(rule => (rule.kind === 'tmp' ? [rule.store] : [])),
    group,
    root: rootPlan({ paths, rules, caller: ids, ownProc: watch, raised: raisedLimits(own) }),
    prepare: preparePlan({
      identity: { ...paths.ids, userNamespace: false },
      cwd: BOX_DIRECTORY,
      session: program.ttyHack ? 'callers' : 'own',
      ...(group ? { group } : {}),
      ...(filter ? { filter: { bytes: filter, listens: false } } : {}),
    }),
    program: programPlan(spec),
    complaint: text => complaintPlan(spec, text),
    header: ({ started }) => ({
      // The program is ended when both are exceeded; the time limit alone decides the verdict.
      cpuLimitNs: limits.cpuMs === undefined ? 0n : nanoseconds(Math.max(limits.cpuMs, limits.extraCpuMs)),
      wallLimitNs: limits.wallMs === undefined ? 0n : nanoseconds(limits.wallMs),
      memoryLimit: 0n,
      cpuSource: byGroup ? cpuSourceOf(group) : watch ? CPU_SOURCE.scan : CPU_SOURCE.none,
      listenerSlot: undefined,
      startedSlot: started.slot,
      watch,
    }),
  }
}

const nanoseconds = (ms: number): bigint => BigInt(ms) * NS_PER_MS

const cpuSourceOf = (group: BoxGroup | undefined): number =>
  group?.cgroup.version('cpuacct') === 1 ? CPU_SOURCE.nanoseconds : CPU_SOURCE.stat
