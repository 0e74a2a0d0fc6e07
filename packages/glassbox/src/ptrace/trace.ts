/** `trace()`: traces by ptrace, each in a worker of its own. */
import { refuseMore } from '../options/arity.ts'
import { reap } from '../launch/reap.ts'
import { traceOptions, traceTarget } from '../trace/check.ts'
import type { TraceCommand, TraceOptions } from '../trace/options.ts'
import { workerData } from '../trace/prepare.ts'
import { RunningTrace, traceWorker } from '../trace/running-trace.ts'
import type { Trace } from '../trace/trace.ts'
import { sessionSpec, type Target } from './start/session-spec.ts'

/**
 * The bundle of `worker.ts`. Its path is relative to the parent folder, so that other bundles find
 * it too: they are as deep as modules are.
 */
const WORKER = '../library/ptrace-worker.js'

function start(target: Target, options: TraceOptions, onSeized?: () => void): Trace {
  const spec = sessionSpec(target, options)
  return new RunningTrace({
    open: data => traceWorker(new URL(WORKER, import.meta.url), data),
    data: workerData(spec, options),
    signal: options.signal,
    filtered: spec.filtered,
    ...(onSeized && { onSeized }),
    // A command that was detached is still a child of this process.
    onClosed: root => void (root !== undefined && reap(root)),
  })
}

/**
 * Traces a command that it starts, or running processes. The first event of a command is its
 * execve. Any number of traces may run at a time; other children of this process are not
 * affected. Needs Linux 5.3.
 *
 * Throws InvalidOptionError, and ERR_GLASSBOX_PROGRAM_NOT_FOUND if the program does not exist.
 * Rejects with …_NOT_EXECUTABLE (or _NOT_FOUND, for its interpreter), with …_STEP_FAILED if it
 * cannot be started, with MissingFeatureError('ptrace') if the kernel refuses, and with any error
 * that a handler throws.
 *
 * @example
 *     for await (const event of trace({ program: 'ls' }))
 *       if (event.type === 'syscall-exit') console.log(event.name)
 */
export function trace(target: TraceCommand | number | readonly number[], options?: TraceOptions): Trace
export function trace(target: unknown, options?: unknown, ...more: readonly unknown[]): Trace {
  refuseMore('trace(target, options)', more)
  return start(traceTarget(target), traceOptions(options))
}

/**
 * Traces a child of another process that waits, as if the trace had started it. `onSeized` is
 * called when the child is traced and may continue. The child must send itself SIGCONT when its
 * next call is execve (see launch-plan.ts).
 */
export function traceAdopted(pid: number, options: TraceOptions, onSeized: () => void): Trace {
  return start({ adopt: pid }, options, onSeized)
}
