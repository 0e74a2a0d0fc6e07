/** Watches a program for `glassbox policy learn`. */
import { trace } from '../ptrace/trace.ts'
import type { TraceEnd } from '../trace/trace.ts'
import type { Watched } from './policy/learn/record.ts'

export interface Learned extends TraceEnd {
  readonly data: Watched
}

export interface Watching {
  readonly env: Readonly<Record<string, string>>
  /** The descriptor that is the standard output of the program. */
  readonly stdout: number
}

/** Runs the program until it and everything that it started have ended. */
export async function watch(
  program: string,
  args: readonly string[],
  { env, stdout }: Watching,
): Promise<Learned> {
  const module = new URL('../cli/policy/learn/handlers.js', import.meta.url)
  const end = await trace({ program, args, env, stdio: [0, stdout, 2] }, { handlers: { module } })
  return end as Learned
}
