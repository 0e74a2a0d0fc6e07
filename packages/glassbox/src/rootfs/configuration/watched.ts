/**
 * Whether files have changed since they were looked at. Some hundred are looked at whenever a
 * process uses a copy of the configuration, so the gate does that in one call.
 */
import { firstChanged } from '../../gate/changes.ts'
import { cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, STATX_CTIME } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

/** A path of the host, and the time at which its inode was changed last, in ns. */
export interface Watched {
  readonly path: string
  readonly changedNs: bigint
}

/** Many of them, as the manifest keeps them: paths with a NUL each, and their times, in base64. */
export interface PackedWatches {
  readonly paths: string
  readonly times: string
}

/** struct statx: 256 bytes. `stx_ctime` has 64 bits of seconds, then 32 bits of nanoseconds. */
const STATX_BYTES = 256
const CTIME = 0x60
const NS_PER_SECOND = 1_000_000_000n

const state = new DataView(new ArrayBuffer(STATX_BYTES))
const bytes = new Uint8Array(state.buffer)

/** The state of a path, which is not followed if it is a link; `undefined` if there is nothing. */
export function watch(path: string): Watched | undefined {
  const name = cString(path)
  const result = syscall(syscallNumber('statx'), AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_CTIME, bytes)
  if (result !== 0) return undefined
  const seconds = state.getBigInt64(CTIME, true)
  return { path, changedNs: seconds * NS_PER_SECOND + BigInt(state.getUint32(CTIME + 8, true)) }
}

export function packWatches(watched: readonly Watched[]): PackedWatches {
  const times = BigUint64Array.from(watched, ({ changedNs }) => BigInt.asUintN(64, changedNs))
  return {
    paths: Buffer.concat(watched.map(({ path }) => cString(path))).toString('base64'),
    times: Buffer.from(times.buffer).toString('base64'),
  }
}

/** Whether all are what they were: neither they nor their contents, mode or owner have changed. */
export const areUnchanged = ({ paths, times }: PackedWatches): boolean =>
  firstChanged(Buffer.from(paths, 'base64'), Buffer.from(times, 'base64')) === -1
