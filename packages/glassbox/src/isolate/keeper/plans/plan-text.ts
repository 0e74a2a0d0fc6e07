/** `--plan`: every system call of a run that makes or starts something, in strace's notation. */
import { spawnSpec } from '../../../container/container.ts'
import { networkPlans } from '../../../container/network.ts'
import { spawnPlan } from '../../../container/spawn-plan.ts'
import { printPlan } from '../../../plan/print.ts'
import { disassemble } from '../../../seccomp/disassemble.ts'
import { type CallIo, IsolateError, type IsolateCall, type IsolateConfig } from '../../types.ts'
import { FIRST_PLAN } from '../boxes.ts'
import { inheritedDescriptors } from '../inherited.ts'
import { runPlans } from './run-plans.ts'
import { syscallFilter } from './syscall-filter.ts'

/** Starts nothing. The box need not exist. */
export function planText(call: IsolateCall, config: IsolateConfig, io: CallIo): string {
  if (call.command !== 'run') throw new IsolateError('usage', '--plan is of use only with --run')
  const { shareNet, inheritFds, syscallFlags } = call.program
  const inherited = inheritFds && io.hasOwnDescriptors ? inheritedDescriptors() : []
  const { root, prepare, program } = runPlans(call, config, io, inherited)
  const spawn = spawnPlan(spawnSpec(!shareNet, true)).plan
  const networks = shareNet ? [] : networkPlans(true)
  const filter = syscallFilter(syscallFlags ?? config.syscallFlags)
  const plans = [spawn, FIRST_PLAN, ...networks, root, prepare.plan, program.plan]
  const bpf = filter ? `\n/* the filter */\n${disassemble(filter)}` : ''
  return `${plans.map(printPlan).join('\n')}${bpf}`
}
