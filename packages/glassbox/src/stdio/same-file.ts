/**
 * Streams that lead to one file. An output is emptied when it is opened, so an input that is the
 * same file would be destroyed; two outputs would overwrite each other's bytes, so they become
 * one. Devices are not emptied and may be shared.
 */
import { fstatSync, statSync } from 'node:fs'
import { InvalidOptionError } from '../errors.ts'
import { syscall } from '../gate/gate.ts'
import { KCMP_FILE } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Source, Target } from '../job/streams.ts'

/**
 * What makes two names the same file; a file that is not there yet is known by its name.
 * `undefined` for a device.
 */
function identity(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return path
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined
}

const pathOf = (stream: Source | Target): string | undefined =>
  stream.kind === 'file' ? stream.path : undefined

/** Throws InvalidOptionError if an output would empty the input. */
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
      'Give each a file of its own.',
    )
  }
}

/** Whether stdout and stderr are to be one pipe for the program. */
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
 * Whether two descriptors of this process lead to one open file, such as 1 and 2 after `2>&1`; or
 * to one pipe, terminal or other thing that has no position, however often it was opened.
 */
export function isOneOpenFile(a: number, b: number): boolean {
  const { pid } = process
  const compared = syscall(syscallNumber('kcmp'), pid, pid, KCMP_FILE, a, b)
  if (compared === 0) return true
  try {
    const [first, second] = [fstatSync(a), fstatSync(b)]
    // Without kcmp(2), which a filter may refuse, two open files with a position cannot be told
    // apart.
    return first.dev === second.dev && first.ino === second.ino && !(first.isFile() && compared > 0)
  } catch {
    return false // one of them is closed
  }
}
