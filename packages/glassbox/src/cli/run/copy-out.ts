/**
 * `--copy-out`: what was collected becomes files of the host. A program may have left a link, or another's file, under the name that
 * is to be written, where that lies in a writable bind: so a new file is made beside it, by the descriptor of its directory, and
 * takes its place when it is whole (rename(2)). What was there is never written to, and keeps its contents for whoever has it.
 */
import { randomBytes } from 'node:crypto'
import { fchmodSync, statSync, writeFileSync } from 'node:fs'
import { GlassboxError } from '../../errors.ts'
import { makeBlocking, openat2, withDescriptor } from '../../gate/descriptors.ts'
import { call, cString, syscall } from '../../gate/gate.ts'
import {
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { printable } from '../../printable.ts'
import { HostPaths } from '../../stdio/host-paths.ts'
import type { Bind } from '../../job/options.ts'
import type { AnyResult } from '../../job/result.ts'
import type { CopyOut } from './request.ts'
import { stderr } from '../output.ts'

/** `missing`: the program left no such file, or none that can be taken. `failed`: it could not be written here. */
export type CopyOutcome = 'copied' | 'missing' | 'failed'

/** Writes what was collected; says for each file that could not be had why. `binds`: what the program could write outside. */
export function copyFilesOut(
  { files, fileModes, fileErrors }: AnyResult,
  copyOut: CopyOut,
  binds: readonly Bind[] | undefined,
): CopyOutcome {
  const paths = new HostPaths(binds)
  let outcome: CopyOutcome = 'copied'
  for (const [name, why] of Object.entries(fileErrors)) {
    outcome = 'missing'
    say(`--copy-out ${name}: ${why}`)
  }
  for (const [name, bytes] of Object.entries(files)) {
    const target = copyOut.get(name) ?? name
    try {
      write(paths, target, bytes, fileModes[name] ?? 0o644)
    } catch (error) {
      outcome = 'failed'
      const hint = error instanceof GlassboxError ? error.hint : undefined
      say(`--copy-out: cannot write ${target}: ${(error as Error).message}. ${hint ?? HINT}`)
    }
  }
  return outcome
}

const HINT = 'Name a file in a directory that you may write.'

const say = (message: string): void => stderr.write(`glassbox: ${printable(message)}\n`)

function write(paths: HostPaths, target: string, bytes: Uint8Array, mode: number): void {
  if (isSpecial(target) && !paths.isWritable(target)) {
    // A FIFO that nobody reads fails; one that somebody does is waited for.
    const file = paths.open(target, O_WRONLY | O_NONBLOCK | O_NOCTTY)
    withDescriptor(file, fd => {
      makeBlocking(fd)
      writeFileSync(fd, bytes)
    })
  } else {
    const { directory, name } = paths.openParent(target)
    withDescriptor(directory, () => replace(directory, name, bytes, mode))
  }
}

/** A terminal, a pipe or a device, such as /dev/stdout: nothing takes its place. */
function isSpecial(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && !stats.isFile() && !stats.isDirectory()
}

function replace(directory: number, name: string, bytes: Uint8Array, mode: number): void {
  const temporary = `.glassbox-${randomBytes(8).toString('hex')}`
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
  const resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
  const file = openat2(directory, temporary, { flags, mode: 0o600, resolve })
  try {
    withDescriptor(file, fd => {
      writeFileSync(fd, bytes)
      fchmodSync(fd, mode)
    })
    call('renameat', [directory, cString(temporary), directory, cString(name)], name)
  } catch (error) {
    syscall(syscallNumber('unlinkat'), directory, cString(temporary), 0)
    throw error
  }
}
