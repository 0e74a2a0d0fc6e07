/**
 * Traces a program in a box from outside. The prepared child is seized before it is launched, so
 * its execve is the first event. Owns the trace, which ends with the program, as every process in
 * the box does.
 */
import { readFileSync } from 'node:fs'
import { GlassboxError, MissingFeatureError } from '../../errors.ts'
import { traceAdopted } from '../../ptrace/trace.ts'
import type { ProgramTrace } from '../../job/options.ts'

export interface Tracing {
  /** Rejects if the trace or its reader failed. */
  readonly ended: Promise<void>
  /** Aborted if the reader failed: the rest of the program would go unobserved. */
  readonly failed: AbortSignal
  /** Detaches from a child that did not become a program. */
  letGo(): void
}

/**
 * Seizes the child that waits in the container with that init. Resolves once it is traced and can
 * be launched.
 */
export async function startTracing(init: number, { reader, ...options }: ProgramTrace): Promise<Tracing> {
  const pid = waitingChild(init)
  let seized: () => void = () => {}
  const isSeized = new Promise<void>(resolve => (seized = resolve))
  const trace = traceAdopted(pid, options, () => seized())
  const failed = new AbortController()
  const read = Promise.resolve().then(() => reader?.(trace))
  read.catch(() => failed.abort()) // `ended` reports it
  // The trace can end before the child is seized only by failing.
  await Promise.race([isSeized, trace])
  const ended = Promise.all([trace, read]).then(() => {})
  ended.catch(() => {})
  return { ended, failed: failed.signal, letGo: () => void trace.detach({ keep: true }).catch(() => {}) }
}

/** The child's id on the host. init has one child, and no other process runs in the box. */
function waitingChild(init: number): number {
  const path = `/proc/${init}/task/${init}/children`
  let children: string
  try {
    children = readFileSync(path, 'utf8')
  } catch (error) {
    throw new MissingFeatureError(
      'trace',
      `The process of the program cannot be found: ${(error as Error).message}.`,
      'Tracing in a box needs a kernel with CONFIG_PROC_CHILDREN.',
    )
  }
  const [pid, ...others] = children.trim().split(' ').filter(Boolean).map(Number)
  if (pid !== undefined && others.length === 0) return pid
  throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `init has the children "${children.trim()}", not one.`)
}
