/**
 * What run() would do, as text: every system call of the plans, in strace's notation. Starts
 * nothing.
 */
import type { RunOptions } from '../job/options.ts'
import { checkCall } from './run.ts'
import { runnerOf } from './runners.ts'

/**
 * The text of the plans. Throws as run() rejects for what can be refused before anything is
 * started.
 */
export function planText(program: string, args: readonly string[] = [], options: RunOptions = {}): string {
  const { job, spec } = checkCall(program, args, options)
  return runnerOf(spec.box).plan(spec, job)
}
