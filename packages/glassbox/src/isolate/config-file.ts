/**
 * Finds and reads the config file, and the files that it refers to. A host without a config file
 * gets the values that isolate is shipped with.
 */
import { readFileSync } from 'node:fs'
import { errnoMessage } from '../linux/errno.ts'
import { completeConfig, type ConfigFile, parseConfig, type SubidRanges } from './front/config.ts'
import { subidRange, uidOf } from './front/subid.ts'
import { type CallIo, type Dialect, type IsolateConfig, IsolateError } from './types.ts'

/** The paths of a source install and of Debian's package. */
const PLACES: readonly string[] = ['/usr/local/etc/isolate', '/etc/isolate']
/** Names another file, which must be there. */
export const CONFIG_VARIABLE = 'GLASSBOX_ISOLATE_CONFIG'

/** The value of a variable of the caller. */
export const variableOf = ({ environment }: CallIo, name: string): string | undefined =>
  environment.find(each => each.startsWith(`${name}=`))?.slice(name.length + 1)

/** The config file, read once for a call. */
export interface FoundConfig {
  /** `undefined`: there is none. */
  readonly path: string | undefined
  /** Throws IsolateError if the file cannot be read or is wrong. */
  parse(): ConfigFile
}

/** `named`: the value of `GLASSBOX_ISOLATE_CONFIG`. */
export function findConfig(named: string | undefined): FoundConfig {
  for (const path of named === undefined ? PLACES : [named]) {
    try {
      const text = readFileSync(path, 'utf8')
      return { path, parse: () => parseConfig(text) }
    } catch (error) {
      const { code, errno = 0 } = error as NodeJS.ErrnoException
      const mayBeMissing = named === undefined && (code === 'ENOENT' || code === 'ENOTDIR')
      if (!mayBeMissing) return { path, parse: () => unreadable(path, errno) }
    }
  }
  return { path: undefined, parse: () => parseConfig('') }
}

function unreadable(path: string, errno: number): never {
  throw new IsolateError('internal', `Cannot open config file ${path}: ${errnoMessage(Math.abs(errno))}`)
}

/** Names under which a caller asks for a dialect: `isolate1`, `glassbox-isolate-2`. */
const NAMED_DIALECT = /isolate-?([12])$/

/**
 * The dialect of a call: by the name of the command, by the config file, or 2. A wrong config file
 * is reported later, where the original reports it.
 */
export function dialectOf(programName: string, config: FoundConfig): Dialect {
  const named = NAMED_DIALECT.exec(programName)?.[1] as Dialect | undefined
  if (named !== undefined) return named
  try {
    return config.parse().dialect ?? '2'
  } catch {
    return '2'
  }
}

/** What the config file means on this host. Throws IsolateError. */
export const loadConfig = (found: FoundConfig): IsolateConfig => completeConfig(found.parse(), subordinateIds)

function subordinateIds(user: string): SubidRanges {
  const uid = uidOf(read('/etc/passwd'), user)
  const range = (file: string): SubidRanges['uids'] => subidRange(file, read(file), user, uid)
  return { uids: range('/etc/subuid'), gids: range('/etc/subgid') }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = errnoMessage(Math.abs((error as NodeJS.ErrnoException).errno ?? 0))
    throw new IsolateError('internal', `Cannot open ${path}: ${reason}`, error)
  }
}
