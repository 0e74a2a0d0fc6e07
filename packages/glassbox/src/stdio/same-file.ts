/**
 * Finds streams that lead to the same file. An output file is truncated when it is opened, so it
 * must not be the input file too. Two outputs to one file would overwrite each other, so they
 * become one pipe. Devices are not truncated and may be shared.
 */
import { fstatSync, type Stats, statSync } from 'node:fs'
import { InvalidOptionError } from '../errors.ts'
import { syscall } from '../gate/gate.ts'
import { KCMP_FILE } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Source, Target } from '../job/streams.ts'

/**
 * Identifies a file, whatever its name. A file that does not exist yet is identified by its name.
 * `undefined` for a device.
 */
function identity(path: string): string | undefined {
  let stats: Stats | undefined
  try {
    stats = statSync(path, { throwIfNoEntry: false })
  } catch {
    // opening it will fail with the reason
  }
  if (!stats) return path
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined
}

const pathOf = (stream: Source | Target): string | undefined =>
  stream.kind === 'file' ? stream.path : undefined

/** Throws InvalidOptionError if an output would truncate the input. */
export function refuseInputAsOutput(stdin: Source, outputs: Readonly<Record<string, Target>>): void {
  const input = pathOf(stdin)
  const key = input === undefined ? undefined : identity(input)
  if (key === undefined) return
  for (const [name, output] of Object.entries(outputs)) {
    const path = pathOf(output)
    if (path === undefined || identity(path) !== key) continue
    throw new InvalidOptionError(
      name,
      `${name} and stdin are the same file, ${path}.`,
      'Use a different file for each.',
    )
  }
}

/** Whether stdout and stderr become one pipe for the program. */
export function isOneOutput(stdout: Target, stderr: Target): boolean {
  if (stderr.kind === 'stdout') return true
  if (stdout.kind === 'inherit') return stderr.kind === 'inherit' && isOneOpenFile(1, 2)
  if ('stream' in stdout) return 'stream' in stderr && stdout.stream === stderr.stream
  const [out, err] = [pathOf(stdout), pathOf(stderr)]
  if (out === undefined || err === undefined) return false
  const key = identity(out)
  return key !== undefined && key === identity(err)
}

/**
 * Whether two descriptors of this process share one open file, such as 1 and 2 after `2>&1`. Two
 * open files of one pipe, terminal or device count as one as well, because they have no position.
 */
export function isOneOpenFile(a: number, b: number): boolean {
  const { pid } = process
  const compared = syscall(syscallNumber('kcmp'), pid, pid, KCMP_FILE, a, b)
  if (compared === 0) return true
  try {
    const [first, second] = [fstatSync(a), fstatSync(b)]
    // A filter may refuse kcmp(2). Without it, one open file of a regular file cannot be told from
    // two, so they count as one.
    return first.dev === second.dev && first.ino === second.ino && !(first.isFile() && compared > 0)
  } catch {
    return false // one of them is closed
  }
}
