/**
 * What happens at a stop of the filter: the action that belongs to the data of the stop. The
 * thread stands before its call. Each action either lets the call be made, skips it with a result,
 * ends the program, or leaves the thread stopped until an answer comes.
 */
import { CLONE_UNTRACED } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { CallDecision } from '../../policy/policy.ts'
import type { StopAction } from '../contract.ts'
import type { PathDecision } from '../decision.ts'
import { skipCall } from './change.ts'
import { growsTooFar } from './evidence.ts'
import type { CallAtStop } from './stopped-call.ts'
import type { Program, Task } from './program.ts'

/** `wait`: the thread stays stopped. */
export type Resume = 'go' | 'wait'

/** What actions need from the loop. */
export interface Actions {
  /** Ends the program because of this call. */
  denied(task: Task, call: CallAtStop, path?: string): void
  ask(task: Task, call: CallAtStop, handler: number): void
  /** From now on the data of the program's stops may not be that of its spec's filter. */
  distrust(program: Program): void
}

type Act<Kind extends StopAction['kind']> = (
  action: Extract<StopAction, { kind: Kind }>,
  task: Task,
  call: CallAtStop,
  loop: Actions,
) => Resume

const CLONE = syscallNumber('clone')
const UNTRACED = BigInt(CLONE_UNTRACED)

function refuse(task: Task, result: number): Resume {
  skipCall(task.tid, result)
  return 'go'
}

function end(task: Task, call: CallAtStop, loop: Actions, path?: string): Resume {
  loop.denied(task, call, path)
  return 'go'
}

const ACTS: { readonly [Kind in StopAction['kind']]: Act<Kind> } = {
  allow: () => 'go',
  errno: ({ errno }, task) => refuse(task, -errno),
  kill: (_, task, call, loop) => end(task, call, loop),
  ask({ handler, within }, task, call, loop) {
    task.asked = { nr: call.nr, args: call.args, within }
    loop.ask(task, call, handler)
    return 'wait'
  },
  count({ budget, atMost, within, after }, task, call, loop) {
    const { used } = task.program
    const count = used[budget] ?? 0
    if (count < atMost) used[budget] = count + 1
    return act(count < atMost ? within : after, task, call, loop)
  },
  birth(_, task, call) {
    const { program } = task
    // The filter refuses this flag too: such a child would escape the supervisor.
    if (call.nr === CLONE && ((call.args[0] ?? 0n) & UNTRACED) !== 0n) return refuse(task, -ERRNO.EPERM)
    const living = program.tasks.size + program.births
    if (program.zombies.areAtLeast(program.spec.limits.processes - living)) {
      program.refusedProcesses++
      return refuse(task, -ERRNO.EAGAIN)
    }
    task.inBirth = true
    program.births++
    return 'go'
  },
  'own-filter'(_, task, _call, loop) {
    loop.distrust(task.program)
    return 'go'
  },
  paths(_, task, call, loop) {
    const { judge } = task.program
    // A filter that stops calls for a judge that there is none for must not let them pass.
    if (!judge) return end(task, call, loop)
    return obey(judge.decide(call), task, call, loop)
  },
}

function obey(decision: PathDecision, task: Task, call: CallAtStop, loop: Actions): Resume {
  if (decision.kind === 'allow') return 'go'
  if (decision.kind === 'done') {
    if (decision.tooLarge) growsTooFar(task)
    return refuse(task, decision.result)
  }
  const { denied } = task.program.spec.decisions.paths ?? { denied: { kind: 'kill' } as const }
  const { path, rule } = decision
  const denial = { ...call.describe(), path, rule }
  // What a thread named cannot be found once it is gone. Then it is not to blame.
  if (!skipCall(task.tid, denied.kind === 'kill' ? -ERRNO.EPERM : -denied.errno)) return 'go'
  if (denied.kind === 'kill') return end(task, call, loop, path)
  task.program.deny(denial)
  return 'go'
}

/** Does what the action says. */
export function act(action: StopAction, task: Task, call: CallAtStop, loop: Actions): Resume {
  return (ACTS[action.kind] as Act<StopAction['kind']>)(action, task, call, loop)
}

/**
 * Does what a handler of the caller's has answered. `call` is free for the call of the question.
 */
export function answer(decision: CallDecision, task: Task, call: CallAtStop, loop: Actions): Resume | 'kill' {
  const { asked } = task
  task.asked = undefined
  if (decision === 'kill' || !asked) return 'kill'
  if (decision !== 'allow') return refuse(task, -decision.errno)
  return act(asked.within, task, call.again(task, asked), loop)
}
