/** What run() would do, as text: every system call of the plans, in strace's notation. Starts nothing. */
import { spawnSpec } from '../../container/container.ts'
import { identityOf, isPrivileged } from '../../container/identity.ts'
import { launchPlan } from '../../container/launch-plan.ts'
import { networkPlans } from '../../container/network.ts'
import { preparePlan } from '../../container/prepare-plan.ts'
import { hostSetup, ownSetupPlan } from '../../container/setup-plan.ts'
import { spawnPlan } from '../../container/spawn-plan.ts'
import { printPlan } from '../../plan/print.ts'
import { disassemble } from '../../seccomp/disassemble.ts'
import { kernelLimits, planGroup } from './accounting.ts'
import { DEFAULT_ENV } from '../../run/execute.ts'
import { boxRoot, DEFAULT_HOSTNAME } from './box-root.ts'
import { resourceLimits } from '../../job/limits.ts'
import type { RunOptions } from '../../job/options.ts'
import { BOX_DIRECTORY } from '../../run/program.ts'
import { checkRun } from '../../run/run.ts'

/**
 * The text of the launch plan. The process id of init, and so the user id of the box, is not known before it runs: 0 stands
 * for it.
 */
export function planText(program: string, args: readonly string[] = [], options: RunOptions = {}): string {
  const { found, expected } = checkRun(program, options)
  const { limits, filter } = expected
  const network = options.net !== 'host'
  const identity = identityOf(0, isPrivileged())
  const cgroup = planGroup()
  const spawn = spawnPlan(spawnSpec(network)).plan
  const { host, own } = boxRoot(options, found.bind === undefined ? [] : [found.bind])
  const setup = hostSetup(host)
  const hostname = options.hostname ?? DEFAULT_HOSTNAME
  const rest = ownSetupPlan({ hostname, root: own(identity) }, setup.made)
  const networks = network ? networkPlans(isPrivileged()) : []
  const prepare = preparePlan({
    identity,
    cwd: BOX_DIRECTORY,
    ...(cgroup ? { group: { cgroup, limits: kernelLimits(limits) } } : {}),
    ...(filter?.early ? { filter } : {}),
  }).plan
  const launch = launchPlan({
    path: found.path,
    argv: [program, ...args],
    env: options.env ?? DEFAULT_ENV,
    ...(options.cwd === undefined || options.cwd === BOX_DIRECTORY ? {} : { cwd: options.cwd }),
    rlimits: resourceLimits(limits, { processes: cgroup !== undefined }),
    ...(filter && !filter.early ? { filter } : {}),
    ...(options.trace ? { traced: true } : {}),
  }).plan
  const bpf = filter ? `\n/* the filter */\n${disassemble(filter.bytes)}` : ''
  return `${[spawn, setup.plan, rest, ...networks, prepare, launch].map(printPlan).join('\n')}${bpf}`
}
