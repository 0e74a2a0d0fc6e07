/**
 * The config file: the keys of 1.x and 2.x, and one of ours, `dialect`. Its errors name the line.
 *
 * Other programs read this file too, so the format is that of the original: `key = value`, and
 * comments that begin in the first column.
 */
import { type BoxCpus, type Dialect, type IsolateConfig, IsolateError } from '../types.ts'
import { integer, NumberFault } from './numbers.ts'
import type { SubidRange } from './subid.ts'

/** What the file says; `undefined` if it does not say. */
export interface ConfigFile {
  dialect?: Dialect
  boxRoot?: string
  lockRoot?: string
  cgRoot?: string
  cgParent?: string
  firstUid?: number
  firstGid?: number
  numBoxes?: number
  subidUser?: string
  restrictedInit?: boolean
  syscallFlags?: number
  readonly boxes: Map<number, BoxCpus>
}

/** Without the newline. */
const LONGEST_LINE = 1022
const DEFAULT_BOXES = 1000
const DEFAULT_FIRST_ID = 60_000
/** All but the locks of files (4), without which many programs fail. */
const DEFAULT_SYSCALL_FLAGS = 65_531

class ConfigFault extends Error {}

type Key = (file: ConfigFile, value: string) => void

const path = (value: string): string => {
  if (value === '') throw new ConfigFault('A path is missing')
  return value
}

/** An id of 0 would be that of root. */
const identity = (value: string): number => {
  const id = integer(value)
  if (id === 0) throw new ConfigFault('An id of a box cannot be 0, which is that of root')
  return id
}

const KEYS: Readonly<Record<string, Key>> = {
  box_root: (file, value) => (file.boxRoot = path(value)),
  lock_root: (file, value) => (file.lockRoot = path(value)),
  cg_root: (file, value) => (file.cgRoot = path(value)),
  cg_parent: (file, value) => (file.cgParent = path(value)),
  first_uid: (file, value) => (file.firstUid = identity(value)),
  first_gid: (file, value) => (file.firstGid = identity(value)),
  num_boxes(file, value) {
    file.numBoxes = integer(value)
    if (file.numBoxes === 0) throw new ConfigFault('There must be at least one box')
  },
  subid_user: (file, value) => (file.subidUser = path(value)),
  restricted_init: (file, value) => (file.restrictedInit = integer(value) !== 0),
  syscall_flags: (file, value) => (file.syscallFlags = integer(value)),
  dialect(file, value) {
    if (value !== '1' && value !== '2') throw new ConfigFault(`The dialect must be 1 or 2, not ${value}`)
    file.dialect = value
  },
}

/** Throws IsolateError (internal) at the first wrong line. */
export function parseConfig(text: string): ConfigFile {
  const file: ConfigFile = { boxes: new Map() }
  for (const [index, line] of text.split('\n').entries()) {
    try {
      parseLine(file, line)
    } catch (error) {
      if (!(error instanceof ConfigFault || error instanceof NumberFault)) throw error
      throw new IsolateError('internal', `Error in config file, line ${index + 1}: ${error.message}`)
    }
  }
  return file
}

function parseLine(file: ConfigFile, line: string): void {
  if (Buffer.byteLength(line) > LONGEST_LINE) throw new ConfigFault('Line too long')
  if (line.trim() === '' || line.startsWith('#')) return
  const equals = line.indexOf('=')
  if (equals < 0) throw new ConfigFault('Syntax error: it is not KEY = VALUE')
  const name = line.slice(0, equals).trim()
  const value = line.slice(equals + 1).trim()
  if (name.includes('.')) return parseBoxLine(file, name, value)
  const key = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined
  if (!key) throw new ConfigFault(`Unknown configuration item ${name}`)
  key(file, value)
}

/** `box7.cpus = 0-3` */
function parseBoxLine({ boxes }: ConfigFile, name: string, value: string): void {
  const [section = '', item = ''] = name.split(/\.(.*)/)
  const [, digits] = /^box(\d+)$/.exec(section) ?? []
  if (digits === undefined) throw new ConfigFault(`Unknown configuration section ${section}`)
  if (item !== 'cpus' && item !== 'mems') throw new ConfigFault(`Unknown configuration item ${name}`)
  const id = integer(digits)
  boxes.set(id, { ...boxes.get(id), [item]: value })
}

/** The ranges of a user in /etc/subuid and /etc/subgid. */
export interface SubidRanges {
  readonly uids: SubidRange
  readonly gids: SubidRange
}

/**
 * What the file means. `ranges` is asked only for `subid_user`. Throws IsolateError (internal) if
 * its lines contradict each other.
 */
export function completeConfig(file: ConfigFile, ranges: (user: string) => SubidRanges): IsolateConfig {
  const { boxRoot = '/var/local/lib/isolate', lockRoot = '/run/isolate/locks' } = file
  const { cgRoot = 'auto:/run/isolate/cgroup', cgParent, restrictedInit = false } = file
  const { syscallFlags = DEFAULT_SYSCALL_FLAGS, boxes } = file
  const { firstIds, numBoxes } = idsOf(file, ranges)
  return { boxRoot, lockRoot, cgRoot, cgParent, firstIds, numBoxes, restrictedInit, syscallFlags, boxes }
}

function idsOf(
  { subidUser, firstUid, firstGid, numBoxes }: ConfigFile,
  ranges: (user: string) => SubidRanges,
): Pick<IsolateConfig, 'firstIds' | 'numBoxes'> {
  if (subidUser === undefined) {
    // Two numbers of 31 bits always add up to an id that a user can have.
    const firstIds = { uid: firstUid ?? DEFAULT_FIRST_ID, gid: firstGid ?? DEFAULT_FIRST_ID }
    return { firstIds, numBoxes: numBoxes ?? DEFAULT_BOXES }
  }
  if (firstUid !== undefined || firstGid !== undefined)
    throw wrong('subid_user must not be combined with first_uid and first_gid')
  const { uids, gids } = ranges(subidUser)
  const most = Math.min(uids.count, gids.count)
  if (numBoxes !== undefined && numBoxes > most)
    throw wrong(`num_boxes is ${numBoxes}, but ${subidUser} has only ${most} subordinate ids`)
  return { firstIds: { uid: uids.first, gid: gids.first }, numBoxes: numBoxes ?? most }
}

const wrong = (message: string): IsolateError =>
  new IsolateError('internal', `Error in config file: ${message}`)
