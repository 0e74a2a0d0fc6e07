/** The parts of a job that a world starts with: its streams, its directory, its limits. */
import { GlassboxError } from '../../errors.ts'
import { call } from '../../gate/gate.ts'
import type { Limits } from '../../job/options.ts'
import { DescriptorTable } from '../../kernel/fs/descriptor-table.ts'
import { walk } from '../../kernel/fs/path/start.ts'
import { FOLLOW } from '../../kernel/fs/path/walk.ts'
import type { WorldRoot } from '../../kernel/fs/root/root.ts'
import { HostStream } from '../../kernel/fs/stream/host-stream.ts'
import type { Location } from '../../kernel/fs/vfs.ts'
import type { Platform } from '../../kernel/platform/platform.ts'
import type { TaskCredentials } from '../../kernel/task/credentials.ts'
import { defaultLimits } from '../../kernel/task/limits.ts'
import type { ResourceLimit } from '../../kernel/task/types.ts'
import {
  F_DUPFD_CLOEXEC,
  F_GETFL,
  RLIMIT_FSIZE,
  RLIMIT_NOFILE,
  RLIMIT_STACK,
  S_IFDIR,
} from '../../linux/constants.ts'
import { errnoText } from '../../launch/step-error.ts'
import { bytesOfPath } from '../../linux/path-bytes.ts'

/** A duplicate of a stream is above the standard descriptors. */
const ABOVE_STDIO = 3

/**
 * The descriptors 0, 1 and 2 of a program, over duplicates of these descriptors of the host. On
 * failure none is left.
 */
export function streams(
  platform: Platform,
  stdio: readonly number[],
  limits: readonly ResourceLimit[],
  owner: { readonly uid: number; readonly gid: number },
): DescriptorTable {
  const table = new DescriptorTable(limits[RLIMIT_NOFILE] ?? { soft: Infinity })
  try {
    for (const fd of stdio) {
      const flags = call('fcntl', [fd, F_GETFL], 'a stream')
      const own = call('fcntl', [fd, F_DUPFD_CLOEXEC, ABOVE_STDIO], 'a stream')
      table.add(new HostStream(platform, own, flags, owner), false)
    }
    return table
  } catch (error) {
    table.closeAll()
    throw error
  }
}

/** RLIMIT_* of the first program. */
export function resourceLimits(limits: Required<Limits>): ResourceLimit[] {
  const all = defaultLimits()
  for (const [resource, value] of [
    [RLIMIT_STACK, limits.stackBytes],
    [RLIMIT_NOFILE, limits.openFiles],
    [RLIMIT_FSIZE, limits.fileSizeBytes],
  ] as const)
    all[resource] = { soft: value, hard: value }
  return all
}

/** The directory that a program starts in. Throws if there is none. */
export function startDirectory(root: WorldRoot, path: string, credentials: TaskCredentials): Location {
  const top: Location = { mount: root.root, dentry: root.root.root }
  const caller = { credentials, fs: { root: top, cwd: top, umask: 0 } }
  const bytes = bytesOfPath(path)
  const error = walk.run(top, caller, bytes, bytes.length, FOLLOW)
  if (error === 0 && walk.location().dentry.inode.type === S_IFDIR) return walk.location()
  const why = error === 0 ? 'it is not a directory' : errnoText(-error)
  throw new GlassboxError(
    'ERR_GLASSBOX_STEP_FAILED',
    `Could not enter the working directory ${path}: ${why}`,
    {
      path,
      ...(error === 0 ? {} : { errno: -error }),
      hint: 'Name a working directory that exists and that the program’s user may enter.',
    },
  )
}
