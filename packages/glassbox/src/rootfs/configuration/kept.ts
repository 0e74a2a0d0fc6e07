/**
 * The filtered copy of the host's configuration (tree.ts), made once and kept for later processes
 * of this user, because making it takes some tenths of a second.
 *
 * A place (place.ts) has a directory for each copy, `NAME.RANDOM`, and a link `NAME` to the
 * newest. A copy is made aside and never changed; the link is replaced by rename(2), so every
 * process finds either no copy or a whole one. A process that uses a copy holds a shared lock of
 * its directory (flock(2)) until it ends. A process that makes a new copy removes those that are
 * no longer linked and that no process has locked.
 *
 * A copy is used again if nothing has changed on the host since: the package database, the names
 * in /etc, and every directory and file that was copied.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename } from 'node:path'
import { GlassboxError, MissingFeatureError } from '../../errors.ts'
import { close, openat2 } from '../../gate/descriptors.ts'
import { limitHint } from '../../gate/errno-hint.ts'
import { asSystemError, syscall } from '../../gate/gate.ts'
import {
  AT_FDCWD,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  RESOLVE_NO_SYMLINKS,
} from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { ownership, TOPS } from './packages.ts'
import { openPlace, places } from './place.ts'
import { isSecret } from './secrets.ts'
import { makeTree } from './tree.ts'
import { areUnchanged, type PackedWatches, packWatches } from './watched.ts'

/** A copy of the configuration, on the host. */
export interface KeptConfiguration {
  /** The directory that has its `etc` and `var`: absolute and without links. */
  readonly path: string
  /** Directories of the host that are shown as they are, over empty ones of the copy. */
  readonly live: readonly string[]
  /** Ends the use: it may be removed from then on. */
  readonly release: () => void
}

/** Increased when copies of earlier versions must not be used. */
const FORMAT = 3

/**
 * Files that change when a package is installed or removed. Those that a host lacks stay missing.
 */
const DATABASES = [
  '/var/lib/dpkg/status',
  '/var/lib/rpm',
  '/usr/lib/sysimage/rpm',
  '/lib/apk/db/installed',
  '/var/lib/pacman/local',
]

/**
 * A copy is not used longer than that, in ms: hosts remove old files from some places one by one.
 */
const LONGEST_USE_MS = 5 * 24 * 60 * 60 * 1000

interface Manifest {
  readonly format: number
  readonly madeMs: number
  readonly extra: readonly string[]
  readonly databases: readonly number[]
  readonly names: readonly (readonly string[])[]
  readonly watched: PackedWatches
  readonly live: readonly string[]
}

const databases = (): number[] =>
  DATABASES.map(path => statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0)
/** A small system may lack /var. */
function namesIn(top: string): string[] {
  try {
    return readdirSync(top)
  } catch {
    return []
  }
}

const names = (): string[][] => TOPS.map(namesIn)

/**
 * Whether a directory has a name that it did not have when the copy was made, and that could be
 * shown. Names that went are noticed by their files.
 */
function hasNewName(top: string, before: readonly string[] | undefined): boolean {
  const known = new Set(before)
  return namesIn(top).some(name => !known.has(name) && !isSecret(`${top}/${name}`))
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Whether a copy is what would be made now. */
const isCurrent = (manifest: Manifest, extra: readonly string[]): boolean =>
  manifest.format === FORMAT &&
  Math.abs(Date.now() - manifest.madeMs) < LONGEST_USE_MS &&
  same(manifest.extra, extra) &&
  same(manifest.databases, databases()) &&
  !TOPS.some((top, index) => hasNewName(top, manifest.names[index])) &&
  areUnchanged(manifest.watched)

/** A short name for a list of paths. Two lists may share it: the manifest tells them apart. */
function nameFor(extra: readonly string[]): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(extra.join('\0'))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return extra.length === 0 ? 'etc' : `etc-${hash.toString(16).padStart(8, '0')}`
}

const IS_LINK = /^etc(-[0-9a-f]{8})?$/
const IS_COPY = /^etc(-[0-9a-f]{8})?\.[A-Za-z0-9]{6}$/

/** Opens a copy's directory and locks it; `undefined` if it is gone or locked otherwise. */
function lock(path: string, how: number): number | undefined {
  let fd: number
  try {
    fd = openat2(AT_FDCWD, path, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve: RESOLVE_NO_SYMLINKS })
  } catch {
    return undefined
  }
  const locked = syscall(syscallNumber('flock'), fd, how | LOCK_NB) === 0
  if (locked && lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return fd
  close(fd)
  return undefined
}

const readManifest = (path: string): Manifest =>
  JSON.parse(readFileSync(`${path}/manifest.json`, 'utf8')) as Manifest

/** The copy that the link names. */
function linked(place: string, name: string): string | undefined {
  try {
    const target = readlinkSync(`${place}/${name}`)
    return IS_COPY.test(target) ? `${place}/${target}` : undefined
  } catch {
    return undefined // there is none yet
  }
}

/** `fd` holds the lock, until it is closed or this thread ends. */
const used = (path: string, live: readonly string[], fd: number | undefined): KeptConfiguration => ({
  path: `${path}/tree`,
  live,
  release: () => {
    if (fd !== undefined) close(fd)
  },
})

/** A copy that was made before and is still current, locked for this process. */
function useKept(place: string, extra: readonly string[]): KeptConfiguration | undefined {
  const path = linked(place, nameFor(extra))
  const fd = path === undefined ? undefined : lock(path, LOCK_SH)
  if (path === undefined || fd === undefined) return undefined
  try {
    const manifest = readManifest(path)
    if (isCurrent(manifest, extra)) return used(path, manifest.live, fd)
  } catch {
    // It is not whole: an earlier process was killed, or its disk was full.
  }
  close(fd)
  return undefined
}

/** Makes a copy, links it, and removes the others. */
function makeKept(place: string, extra: readonly string[]): KeptConfiguration {
  const name = nameFor(extra)
  const path = mkdtempSync(`${place}/${name}.`)
  const fd = lock(path, LOCK_SH)
  try {
    // Looked at before the copy is made: a change during the copying makes the copy stale.
    const before = { databases: databases(), names: names() }
    mkdirSync(`${path}/tree`)
    const made = makeTree(`${path}/tree`, ownership(), extra)
    const { live } = made
    const watched = packWatches(made.watched)
    const manifest: Manifest = { format: FORMAT, madeMs: Date.now(), extra, ...before, watched, live }
    writeFileSync(`${path}/manifest.json`, JSON.stringify(manifest))
    const link = `${path}/link`
    symlinkSync(basename(path), link)
    renameSync(link, `${place}/${name}`)
    sweep(place)
    return used(path, live, fd)
  } catch (error) {
    rmSync(path, { recursive: true, force: true })
    if (fd !== undefined) close(fd)
    throw error
  }
}

/** Removes the copies that no link names, and links to copies that are not current any more. */
function sweep(place: string): void {
  const entries = readdirSync(place)
  for (const name of entries.filter(entry => IS_LINK.test(entry))) {
    const path = linked(place, name)
    if (path === undefined || !isStillCurrent(path)) unlinkSync(`${place}/${name}`)
  }
  const kept = new Set(entries.map(name => linked(place, name)))
  for (const path of entries.filter(entry => IS_COPY.test(entry)).map(entry => `${place}/${entry}`)) {
    const fd = kept.has(path) ? undefined : lock(path, LOCK_EX)
    if (fd === undefined) continue
    rmSync(path, { recursive: true, force: true })
    close(fd)
  }
}

function isStillCurrent(path: string): boolean {
  try {
    const manifest = readManifest(path)
    return isCurrent(manifest, manifest.extra)
  } catch {
    return false
  }
}

/** As often as another process may replace or remove what this one has just found. */
const TRIES = 3

/** Looks in a place for a current copy, and makes one if there is none. */
export function configurationIn(place: string, extra: readonly string[]): KeptConfiguration {
  let failure: unknown
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return useKept(place, extra) ?? makeKept(place, extra)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/**
 * The configuration that boxes show. `extra`: paths below /etc that are shown although no package
 * owns them. Throws MissingFeatureError if no directory can hold it, and ERR_GLASSBOX_SYSTEM if a
 * limit of the host is reached.
 */
export function keptConfiguration(extra: readonly string[] = []): KeptConfiguration {
  const failures: string[] = []
  for (const place of places()) {
    const opened = openPlace(place)
    try {
      if ('path' in opened) return configurationIn(opened.path, extra)
      failures.push(`${place}: ${opened.why}`)
    } catch (error) {
      const told = asSystemError(error)
      // No other place would do better.
      if (told instanceof GlassboxError && limitHint(told.errno ?? 0) !== undefined) throw told
      failures.push(`${place}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
    }
  }
  throw new MissingFeatureError(
    'configuration',
    `There is no directory for the copy of /etc that boxes show: ${failures.join('; ')}.`,
    'Let TMPDIR name a directory that belongs to this user and that it may write to.',
  )
}
