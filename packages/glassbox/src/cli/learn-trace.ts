/** Watches a program for `glassbox policy learn`. */
import { trace } from '../ptrace/trace.ts'
import type { TraceEnd } from '../trace/trace.ts'
import type { Watched } from './policy/learn/record.ts'

export interface Learned extends TraceEnd {
  readonly data: Watched
}

/**
 * Runs the program until it and everything that it started have ended. `stdout` is the descriptor
 * of its standard output.
 */
export async function watch(program: string, args: readonly string[], stdout: number): Promise<Learned> {
  const module = new URL('../cli/policy/learn/handlers.js', import.meta.url)
  const end = await trace({ program, args, stdio: [0, stdout, 2] }, { handlers: { module } })
  return end as Learned
}
