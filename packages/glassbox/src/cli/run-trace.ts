/** `glassbox run --trace FILE`: the system calls of everything in the box, as `glassbox strace -f -o FILE` would write them. */
import { closeSync, openSync } from 'node:fs'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import type { ProgramTrace } from '../run/options.ts'
import type { TraceSettings } from '../strace/options.ts'
import { straceOptions } from './strace-options.ts'

export interface RunTrace {
  readonly trace: ProgramTrace
  /** Closes the file; false where not everything could be written. */
  close(): boolean
}

export function traceInto(file: string): RunTrace {
  const options = straceOptions(['-f', 'PROGRAM'])
  if (typeof options === 'string') throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `strace: ${options}`)
  const fd = open(file)
  const settings: TraceSettings = {
    ...options.trace,
    prefix: { ...options.trace.prefix, pid: 'shared' },
    output: { kind: 'shared', fd, name: file, isStderr: false },
  }
  let isWritten = true
  return {
    trace: {
      handlers: { module: new URL('../strace/box-trace.js', import.meta.url), data: settings },
      reader: async running => {
        const { data } = await running
        isWritten = data === true
      },
    },
    close() {
      closeSync(fd)
      return isWritten
    },
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'w', 0o666)
  } catch (error) {
    throw new InvalidOptionError(
      '--trace',
      `--trace: cannot write ${file}: ${(error as NodeJS.ErrnoException).code}.`,
      'Name a file in a directory that is there and that you may write.',
    )
  }
}
