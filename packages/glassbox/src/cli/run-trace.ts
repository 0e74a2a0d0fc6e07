/** `glassbox run --trace FILE`: the system calls of everything in the box, as `glassbox strace -f -o FILE` would write them. */
import { closeSync, fstatSync, ftruncateSync } from 'node:fs'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { keepDescriptor } from '../gate/descriptors.ts'
import { O_CREAT, O_NOCTTY, O_WRONLY } from '../linux/constants.ts'
import { errnoName } from '../linux/errno.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import type { ProgramTrace } from '../job/options.ts'
import type { TraceSettings } from '../strace/options.ts'
import { straceOptions } from './strace/options.ts'

export interface RunTrace {
  readonly trace: ProgramTrace
  /** Closes the file; false where not everything could be written. */
  close(): boolean
}

/** `paths`: a program of an earlier run may have left links where the file is to be. */
export function traceInto(file: string, paths: HostPaths): RunTrace {
  const options = straceOptions(['-f', 'PROGRAM'])
  if (typeof options === 'string') throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `strace: ${options}`)
  const fd = open(file, paths)
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
      'Name a file in a directory that is there and that you may write.',
    )
  }
}
