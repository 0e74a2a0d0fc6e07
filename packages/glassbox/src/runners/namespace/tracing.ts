/**
 * A program in a box, traced from outside: the child that waits in the container is seized before
 * it is launched, so the first thing that is told is its execve. Owns the trace; it ends with the
 * program, since everything in the box does.
 */
import { readFileSync } from 'node:fs'
import { GlassboxError, MissingFeatureError } from '../../errors.ts'
import { traceAdopted } from '../../ptrace/trace.ts'
import type { ProgramTrace } from '../../job/options.ts'

export interface Tracing {
  /** Rejects where the trace or its reader failed. */
  readonly ended: Promise<void>
  /** Aborted where the reader failed: nobody would know what the program does. */
  readonly failed: AbortSignal
  /** For a child that did not become a program: it is let go as it is. */
  letGo(): void
}

/**
 * Seizes the child that waits in the container of that init. Resolves when it is traced and may be
 * launched.
 */
export async function startTracing(init: number, { reader, ...options }: ProgramTrace): Promise<Tracing> {
  const pid = waitingChild(init)
  let seized: () => void = () => {}
  const isSeized = new Promise<void>(resolve => (seized = resolve))
  const trace = traceAdopted(pid, options, () => seized())
  const failed = new AbortController()
  const read = Promise.resolve().then(() => reader?.(trace))
  read.catch(() => failed.abort()) // told at the end, as below
  // Only its end can come before that: a failure.
  await Promise.race([isSeized, trace])
  const ended = Promise.all([trace, read]).then(() => {})
  ended.catch(() => {})
  return { ended, failed: failed.signal, letGo: () => void trace.detach({ keep: true }).catch(() => {}) }
}

/** Its id on the host: init has one child, and nothing else runs in the box. */
function waitingChild(init: number): number {
  const path = `/proc/${init}/task/${init}/children`
  let children: string
  try {
    children = readFileSync(path, 'utf8')
  } catch (error) {
    throw new MissingFeatureError(
      'trace',
      `The process of the program cannot be found: ${(error as Error).message}.`,
      'It needs a kernel with CONFIG_PROC_CHILDREN.',
    )
  }
  const [pid, ...others] = children.trim().split(' ').filter(Boolean).map(Number)
  if (pid !== undefined && others.length === 0) return pid
  throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `init has the children "${children.trim()}", not one.`)
}
