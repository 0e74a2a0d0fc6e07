/**
 * Sentences about limits that may be the reason why a program failed. The library knows the signs
 * in the ending; the text that passed through this process is searched here.
 */
import { DEFAULT_DISK_BYTES, DEFAULT_DISK_FILES } from '../../job/box-layout.ts'
import { possibleLimits } from '../../job/limit-signs.ts'
import type { PossibleLimit, RefusingLimit } from '../../job/possible-limit.ts'
import { resolveLimits } from '../../job/limits.ts'
import type { RunOptions } from '../../job/options.ts'
import type { AnyResult } from '../../job/result.ts'
import { formatSize } from '../units.ts'

/** How a limit is named, with the option that changes it. */
const NAMES: Readonly<Record<RefusingLimit, (limit: number) => string>> = {
  openFiles: limit => `${limit} open files in each process (--open-files)`,
  stackBytes: limit => `${formatSize(limit)} of stack (--stack)`,
  fileSizeBytes: limit => `${formatSize(limit)} in each file (--file-size)`,
  processes: limit => `${limit} processes (--processes)`,
  diskBytes: limit => `${formatSize(limit)} in each of /box, /tmp and /dev/shm (diskBytes)`,
  diskFiles: limit => `${limit} files in each of /box, /tmp and /dev/shm (diskFiles)`,
}

const sentence = ({ kind, limit, sign }: PossibleLimit): string =>
  `a limit may be the reason: ${NAMES[kind](limit)}; ${sign}`

/** One sentence for each limit, without a final stop. */
export function limitHints(options: RunOptions, result: AnyResult, text: string): string[] {
  const limits = resolveLimits(options.limits)
  const { diskBytes = DEFAULT_DISK_BYTES, diskFiles = DEFAULT_DISK_FILES } = options
  const disk = options.runner === 'ptrace' ? undefined : { diskBytes, diskFiles, full: [] }
  const known = result.possibleLimits ?? []
  const full = known.some(({ kind }) => kind === 'diskBytes' || kind === 'diskFiles')
  const told = possibleLimits({ result, limits, text, disk: full ? undefined : disk })
  const others = told.filter(({ kind }) => known.every(each => each.kind !== kind))
  return [...known, ...others].map(sentence)
}
