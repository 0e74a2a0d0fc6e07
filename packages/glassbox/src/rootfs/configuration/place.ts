/**
 * Where a process keeps files that later processes of the same user use again. The directory is
 * made here; one that exists is used only if it belongs to this user and nobody else can write to
 * it or look into it.
 */
import { lstatSync, mkdirSync, realpathSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { TMPFS_MAGIC } from '../../linux/constants.ts'

/** Whether files there are in memory, where making a thousand takes no time. */
function isInMemory(directory: string): boolean {
  try {
    return statfsSync(directory).type === TMPFS_MAGIC
  } catch {
    return false
  }
}

/**
 * The directories that are tried, in this order. Memory comes first, and then the user's cache;
 * the others are cleaned by age on many hosts. Most processes need only the first or the second.
 */
export function* places(
  euid: number = process.geteuid?.() ?? 0,
  env: NodeJS.ProcessEnv = process.env,
): Generator<string> {
  const { XDG_RUNTIME_DIR, XDG_CACHE_HOME, HOME } = env
  const run = euid === 0 ? '/run' : XDG_RUNTIME_DIR
  const cache = XDG_CACHE_HOME ?? (HOME === undefined ? undefined : join(HOME, '.cache'))
  const own = (base: string | undefined): string[] =>
    base !== undefined && isAbsolute(base) ? [join(base, 'glassbox')] : []
  const shared = (base: string): string => join(base, `glassbox.${euid}`)
  if (run !== undefined && isInMemory(run)) yield* own(run)
  yield shared('/dev/shm')
  yield* own(cache)
  yield shared('/var/tmp')
  yield shared(tmpdir())
}

/** The directory without links, or why it cannot be used. */
export function openPlace(place: string): { readonly path: string } | { readonly why: string } {
  try {
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 })
    mkdirSync(place, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') return { why: code ?? String(error) }
  }
  try {
    const stats = lstatSync(place)
    if (!stats.isDirectory()) return { why: 'it is not a directory' }
    if (stats.uid !== process.geteuid?.()) return { why: 'it belongs to another user' }
    if ((stats.mode & 0o077) !== 0) return { why: 'other users may look into it' }
    return { path: realpathSync.native(place) }
  } catch (error) {
    return { why: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}
