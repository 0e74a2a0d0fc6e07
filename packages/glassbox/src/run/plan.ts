/**
 * The plans of a run as text: every system call that run() would make, in strace's notation.
 * Starts nothing.
 */
import type { RunOptions } from '../job/options.ts'
import { checkCall } from './run.ts'
import { runnerOf } from './runners.ts'

/**
 * The text of the plans. Rejects with the errors with which run() would reject before it starts
 * anything.
 */
export async function planText(
  program: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<string> {
  const { runner, job, spec } = checkCall(runnerOf, program, args, options)
  return runner.plan(spec, job)
}
