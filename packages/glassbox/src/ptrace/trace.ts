/** `trace()`: traces by ptrace, in a worker of their own. */
import { reap } from '../launch/reap.ts'
import { traceOptions, traceTarget } from '../trace/check.ts'
import type { TraceCommand, TraceOptions } from '../trace/options.ts'
import { workerData } from '../trace/prepare.ts'
import { RunningTrace } from '../trace/running-trace.ts'
import type { Trace } from '../trace/trace.ts'
import { sessionSpec, type Target } from './start/session-spec.ts'

/** Above the folder: found from bundles too, which lie as deep as modules do. */
const WORKER = '../ptrace/worker.js'

function start(target: Target, options: TraceOptions, onSeized?: () => void): Trace {
  const spec = sessionSpec(target, options)
  return new RunningTrace({
    worker: new URL(WORKER, import.meta.url),
    data: workerData(spec, options),
    signal: options.signal,
    filtered: spec.filtered,
    ...(onSeized && { onSeized }),
    // A command that was let go is a child of this process still.
    onClosed: root => void (root !== undefined && reap(root)),
  })
}

/**
 * Traces a command that it starts, or processes that run. The first event of a command is its
 * execve. Any number of traces may run at a time; other children of this process are not touched.
 *
 * Throws InvalidOptionError, and ERR_GLASSBOX_PROGRAM_NOT_FOUND for a program that is not there.
 * Rejects with …_NOT_EXECUTABLE (or _NOT_FOUND, for its interpreter), with …_STEP_FAILED if it
 * cannot be started, with MissingFeatureError('ptrace') if the kernel refuses, and with what a
 * handler throws. Needs Linux 5.3.
 *
 * @example
 * for await (const event of trace({ program: 'ls' })) if (event.type === 'syscall-exit')
 * console.log(event.name)
 */
export function trace(target: TraceCommand | number | readonly number[], options?: TraceOptions): Trace {
  return start(traceTarget(target), traceOptions(options))
}

/**
 * Traces a child of another process that waits, as if it were a command of ours. `onSeized`: it is
 * traced now and may be let on. It must tell by SIGCONT to itself that its execve comes next (see
 * launch-plan.ts).
 */
export function traceAdopted(pid: number, options: TraceOptions, onSeized: () => void): Trace {
  return start({ adopt: pid }, options, onSeized)
}
