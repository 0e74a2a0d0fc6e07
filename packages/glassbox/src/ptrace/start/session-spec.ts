/**
 * Turns a target and options into the description of a ptrace session. The description is plain
 * data; nothing is started here.
 */
import { programPath } from '../../launch/find-program.ts'
import type { TraceCommand, TraceOptions } from '../../trace/options.ts'
import { type TraceFilter, traceFilter } from './filter.ts'
import type { SessionSpec } from '../session.ts'

/**
 * `adopt`: a child of another process that waits, and is then treated as a command that the trace
 * started.
 */
export type Target = TraceCommand | number | readonly number[] | { readonly adopt: number }

const STDIO = [0, 1, 2] as const

/**
 * What a trace of this target needs. Target and options were already checked (see
 * trace/check.ts).
 */
export function sessionSpec(target: Target, options: TraceOptions): SessionSpec {
  const common = {
    follow: options.follow ?? true,
    sameCpu: options.sameCpu ?? true,
    filtered: false,
    pids: options.attach ?? [],
  }
  if (typeof target === 'number') return { ...common, killOnExit: false, pids: [target, ...common.pids] }
  if ('adopt' in target) return { ...common, killOnExit: true, adopt: target.adopt }
  if (!('program' in target)) return { ...common, killOnExit: false, pids: [...target, ...common.pids] }
  const filter = filterFor(options, common)
  const started = launch(target)
  if (!filter)
    return { ...common, killOnExit: options.killOnExit ?? common.pids.length === 0, launch: started }
  return {
    ...common,
    sameCpu: filter.sameCpu,
    filtered: true,
    // Without a tracer, the calls that the filter stops fail with ENOSYS, so such a program must
    // not outlive its tracer.
    killOnExit: true,
    launch: { ...started, spec: { ...started.spec, filter } },
  }
}

/**
 * A filter serves all tracees or none: children inherit it, and processes that were already
 * running have none.
 */
function filterFor(
  { seccomp = true, syscalls }: TraceOptions,
  { follow, sameCpu, pids }: Pick<SessionSpec, 'follow' | 'sameCpu' | 'pids'>,
): TraceFilter | undefined {
  if (!seccomp || !syscalls || !follow || pids.length > 0) return undefined
  return traceFilter(syscalls, sameCpu)
}

function launch(command: TraceCommand): NonNullable<SessionSpec['launch']> {
  const { program, args = [], argv0 = program, cwd, user, stdio = STDIO } = command
  const env = { ...(command.env ?? process.env) } as Readonly<Record<string, string>>
  return {
    spec: {
      path: programPath(program, cwd ?? '.', env['PATH']),
      argv: [argv0, ...args],
      env,
      ...(cwd === undefined ? {} : { cwd }),
      ...(user ? { user } : {}),
    },
    stdio: [...stdio],
  }
}
