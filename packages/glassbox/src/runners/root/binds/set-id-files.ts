/**
 * Finds set-user-ID files that are in the source of a writable bind already. The guard keeps
 * programs from making such files. But a program that owns one can change its contents through a
 * shared mapping, and the file stays set-user-ID (FS-25 in docs/security.md). The whole tree would
 * take too long, so only the source itself and the files directly in it are looked at.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { InvalidOptionError } from '../../../errors.ts'
import { S_ISGID, S_ISUID } from '../../../linux/constants.ts'

/** A directory may have any number of files. */
const MOST_FILES = 1024

const WRITABLE_BY_OTHERS = 0o022
const EXECUTABLE_BY_GROUP = 0o010

/** Without the right to execute, the bit of the group means a kind of lock (stat(2)). */
const isSetId = ({ mode }: Stats): boolean =>
  (mode & S_ISUID) !== 0 || (mode & (S_ISGID | EXECUTABLE_BY_GROUP)) === (S_ISGID | EXECUTABLE_BY_GROUP)

const isDangerous = (stats: Stats, owner: number): boolean =>
  stats.isFile() && isSetId(stats) && (stats.uid === owner || (stats.mode & WRITABLE_BY_OTHERS) !== 0)

function filesIn(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).filter(entry => entry.isFile())
  } catch {
    return [] // this user may not list it
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** A set-ID file that programs with the id `owner` could change; `undefined` if none was found. */
function found(source: string, stats: Stats, owner: number): string | undefined {
  if (!stats.isDirectory()) return isDangerous(stats, owner) ? source : undefined
  const paths = filesIn(source)
    .slice(0, MOST_FILES)
    .map(({ name }) => join(source, name))
  return paths.find(path => {
    const there = lookAt(path)
    return there !== undefined && isDangerous(there, owner)
  })
}

/**
 * Throws InvalidOptionError if the source of a writable bind is a set-ID file, or has one directly
 * in it. `owner`: the user of the host as which programs write there.
 */
export function refuseSetIdFiles(option: string, source: string, stats: Stats, owner: number): void {
  const path = found(source, stats, owner)
  if (path === undefined) return
  throw new InvalidOptionError(
    option,
    `Cannot bind ${source} writable: a program could change ${path}, which is a set-user-ID or set-group-ID file.`,
    `Take the bits away (chmod u-s,g-s ${path}), move the file, or bind another directory.`,
  )
}
