/**
 * The plans of a job as text: every system call that running it would make, in strace's notation.
 * Starts nothing.
 */
import { spawnSpec } from '../../container/container.ts'
import { identityOf, isPrivileged } from '../../container/identity.ts'
import { launchPlan } from '../../container/launch-plan.ts'
import { networkPlans } from '../../container/network.ts'
import { preparePlan } from '../../container/prepare-plan.ts'
import { hostSetup, ownSetupPlan } from '../../container/setup-plan.ts'
import { spawnPlan } from '../../container/spawn-plan.ts'
import { BOX_DIRECTORY, DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { Job } from '../../job/job.ts'
import { printPlan } from '../../plan/print.ts'
import { disassemble } from '../../seccomp/disassemble.ts'
import { printSpec } from '../../landlock/print.ts'
import type { SandboxSpec } from '../runner.ts'
import { planGroup, preparedGroup } from './accounting.ts'
import { groupView } from './group-view.ts'
import { owningOf } from '../root/binds/owned.ts'
import { boxRoot } from '../root/box-root.ts'
import { contextOf, filterOf } from './filter.ts'
import { resourceLimits } from './resource-limits.ts'
import { wallSpec, writableOf } from './wall.ts'

/**
 * The user id of the box depends on init's process id, which is not known before init runs. The
 * text has 0 instead.
 */
export function planText({ box, paths, programs }: SandboxSpec, job: Job): string {
  const { limits, path, argv, env, cwd, trace } = job
  const filter = filterOf(job, contextOf(box))
  const wall = wallSpec(job, writableOf(box))
  const network = box.net !== 'host'
  const identity = identityOf(0, isPrivileged())
  const cgroup = planGroup()
  const spec = spawnSpec(network)
  const spawn = spawnPlan(spec).plan
  const { host, own } = boxRoot(
    box,
    programs,
    paths,
    owningOf(isPrivileged(), () => ({ recursive: true })),
    groupView,
  )
  const setup = hostSetup(host, spec.userNamespace)
  const hostname = box.hostname ?? DEFAULT_HOSTNAME
  const root = own(identity)
  const rest = ownSetupPlan({ hostname, root }, setup.made)
  const networks = network ? networkPlans(isPrivileged()) : []
  const prepare = preparePlan({
    identity,
    cwd: BOX_DIRECTORY,
    ...(cgroup ? { group: preparedGroup(cgroup, limits, root.groups) } : {}),
    ...(filter?.early ? { filter } : {}),
  }).plan
  const launch = launchPlan({
    ...{ path, argv, env },
    ...(cwd === BOX_DIRECTORY ? {} : { cwd }),
    rlimits: resourceLimits(limits, { processes: cgroup !== undefined }),
    ...(filter && !filter.early ? { filter } : {}),
    ...(trace ? { traced: true } : {}),
    ...(wall ? { wall: [] } : {}),
  }).plan
  const rules = wall ? `\n${printSpec(wall)}` : ''
  const bpf = filter ? `\n/* the filter */\n${disassemble(filter.bytes)}` : ''
  return `${[spawn, setup.plan, rest, ...networks, prepare, launch].map(printPlan).join('\n')}${rules}${bpf}`
}
