/**
 * `glassbox run --trace FILE`: writes the system calls of all processes in the box, as `glassbox
 * strace -f -o FILE` would. Owns the descriptor of the file until `close`.
 */
import { closeSync, fstatSync, ftruncateSync } from 'node:fs'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { keepDescriptor } from '../gate/descriptors.ts'
import { O_CREAT, O_NOCTTY, O_WRONLY } from '../linux/constants.ts'
import { errnoName } from '../linux/errno.ts'
import { printable } from '../printable.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import type { ProgramTrace } from '../job/options.ts'
import type { TraceOutcome } from '../strace/box-trace.ts'
import type { TraceSettings } from '../strace/options.ts'
import { DEFAULT_TRACE_BYTES } from './run/options.ts'
import { straceOptions } from './strace/options.ts'
import { parseSize } from '../options/units.ts'
import { formatSize } from './units.ts'

export interface RunTrace {
  readonly trace: ProgramTrace
  /** Closes the file. */
  close(): void
  /**
   * `cut`: the trace reached its size limit. `failed`: it could not be written. Known when the
   * run has ended.
   */
  outcome(): TraceOutcome
  /** The message about a truncated trace. */
  note(): string
}

/**
 * Opens the file of a trace. `size`: as typed. `paths`: opens it without following links that a
 * program of an earlier run may have left.
 */
export function traceInto(file: string, size: string | undefined, paths: HostPaths): RunTrace {
  const options = straceOptions(['-f', '-q', 'PROGRAM'])
  if (typeof options === 'string') throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `strace: ${options}`)
  const limit = size === undefined ? DEFAULT_TRACE_BYTES : parseSize('--trace-size', size)
  const fd = open(file, paths)
  const settings: TraceSettings = {
    ...options.trace,
    prefix: { ...options.trace.prefix, pid: 'shared' },
    output: { kind: 'shared', fd, name: file, isStderr: false, ...(limit !== Infinity && { limit }) },
  }
  let outcome: TraceOutcome = 'written'
  return {
    trace: {
      handlers: { module: new URL('../strace/box-trace.js', import.meta.url), data: settings },
      reader: async running => {
        const { data } = await running
        outcome = data as TraceOutcome
      },
    },
    close: () => closeSync(fd),
    outcome: () => outcome,
    note: () =>
      printable(
        `--trace: ${file} was truncated at ${formatSize(limit)}. Use --trace-size to change the limit.`,
      ),
  }
}

function open(file: string, paths: HostPaths): number {
  try {
    const fd = paths.open(file, O_WRONLY | O_CREAT | O_NOCTTY, 0o666)
    return keepDescriptor(fd, () => {
      if (fstatSync(fd).isFile()) ftruncateSync(fd)
      return fd
    })
  } catch (error) {
    const { errno, code } = error as NodeJS.ErrnoException
    throw new InvalidOptionError(
      '--trace',
      `--trace: cannot write ${file}: ${errno !== undefined && errno > 0 ? errnoName(errno) : code}.`,
      'Name a file in an existing directory that you may write to.',
    )
  }
}
