/**
 * A call that has asked the owner of a TypeScript object for something waits for the answers. If
 * it lacked one it is then made again; if it has closed a file its result is held back until the
 * contents are taken.
 */
import { EIO } from '../../linux/errno-numbers.ts'
import { type AskingCall, served } from '../fs/object/answers.ts'
import { BLOCKED, NO_RESULT, type Wait } from '../wait/blocking.ts'

/** What it needs of a task. */
export interface WaitingTask {
  readonly dead?: boolean
  block(wait: Wait): number
}

/** The answer of the handler, or BLOCKED. `again`: makes the call once more. */
export function waitForAnswers(
  task: WaitingTask,
  call: AskingCall,
  first: number,
  again: () => number,
): number {
  // It waits for something else already, or nobody is there to wait.
  if (first === BLOCKED || first === NO_RESULT || task.dead) return first
  let result = first
  const retry = (): number => {
    if (call.open > 0) return BLOCKED
    // close(2) tells of a failure; dup2(2) and others have done what they were asked for.
    if (!call.lacks) return call.failed && result === 0 ? -EIO : result
    call.lacks = false
    served.call = call
    result = again()
    served.call = undefined
    if (result === BLOCKED || result === NO_RESULT) return result
    return retry()
  }
  return task.block({
    // A signal's handler may run before a slow answer; a call that is done is not made again.
    interruption: 'restart',
    queues: [call.queue],
    retry,
    interrupted: () => (call.lacks ? undefined : result),
  })
}
