/**
 * Words of flags in which some bits are a number or a value of their own: a size, a type,
 * permissions.
 */
import type { Printer } from '../context.ts'
import { modeText } from './modes.ts'
import { NAMES, named, nameIn, restText, setText } from '../names.ts'
import { hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

const HUGE_SHIFT = 26n
const HUGE_MASK = 63n << HUGE_SHIFT

/** Flags, and the logarithm of the page size. */
function withPageSize(
  set: string,
  value: bigint,
  shift: string,
  options: TextOptions,
  print: typeof setText = setText,
): string {
  const size = (value & HUGE_MASK) >> HUGE_SHIFT
  const flags = value & ~HUGE_MASK
  const parts = [
    ...(flags !== 0n || size === 0n ? [print(set, flags, options)] : []),
    ...(size === 0n ? [] : [`${size}<<${named(String(HUGE_SHIFT), shift, options)}`]),
  ]
  return parts.join('|')
}

const word = (value: bigint): bigint => BigInt.asUintN(32, value)

const hasNames = (set: string, flags: bigint): boolean => /[A-Z]/.test(restText(set, flags, NAMES))

const MAP_TYPE = 15n

/** The type that every mapping has, and its flags. */
const mapFlags: Printer = (value, { options }) => {
  const flags = word(value) & ~MAP_TYPE
  const type = setText('=map_type', word(value) & MAP_TYPE, NAMES)
  const rest = withPageSize('|map', flags, 'MAP_HUGE_SHIFT', NAMES)
  const names = flags === 0n ? type : `${type}|${rest.replace(/ \/\*.*?\*\//, '')}`
  return named(hex(value), names, options)
}

const memfdFlags: Printer = (value, { options }) =>
  word(value) === 0n
    ? '0'
    : named(hex(word(value)), withPageSize('|memfd', word(value), 'MFD_HUGE_SHIFT', NAMES), options)

const PERMISSIONS = 0o777n

/** Flags of an object that is created by a key, and its permissions. */
const withPermissions =
  (set: string, shift: string | undefined): Printer =>
  (value, { options }) => {
    const flags = word(value) & ~PERMISSIONS
    const mode = modeText(word(value) & PERMISSIONS)
    if (flags === 0n) return mode
    if (shift !== undefined) return `${withPageSize(set, flags, shift, options, restText)}|${mode}`
    // As in strace, which treats flags without any name as no flags.
    const divider = hasNames(set, flags) || options.spelling === 'raw' ? '|' : ''
    return `${restText(set, flags, options)}${divider}${mode}`
  }

const PRIORITY = 0x7fffn

const swapFlags: Printer = (value, { options }) => {
  const flags = word(value) & ~PRIORITY
  const priority = word(value) & PRIORITY
  if (flags === 0n) return String(priority)
  return `${setText('|swap', flags, options)}|${priority}`
}

const PERSONALITY = 0xffn

/** `PER_LINUX|ADDR_NO_RANDOMIZE`. */
export const personalityText: Printer = (value, { options }) => {
  const type = setText('=personality', word(value) & PERSONALITY, options)
  const flags = word(value) & ~PERSONALITY
  if (flags === 0n) return type
  return `${type}|${restText('|personality_flags', flags, options)}`
}

const QUERY = 0xffffffffn

/** An access policy and its modifiers. It has 64 bits in mbind(2), 32 in other calls. */
const memoryPolicy =
  (bits: 32 | 64): Printer =>
  (value, { options }) => {
    const MODIFIERS = 0xe000n
    const all = BigInt.asUintN(bits, value)
    const mode = all & ~MODIFIERS
    const flags = all & MODIFIERS
    if (flags === 0n) return setText('=mpol', mode, options)
    const name = nameIn('mpol', mode)
    if (name === undefined) return setText('|mpol_flags', all, options)
    return named(hex(all), `${name}|${setText('|mpol_flags', flags, NAMES)}`, options)
  }

const ARCH = 0xffff0000n

const kexecFlags: Printer = (value, { options }) => {
  const arch = setText('=kexec_arch', value & ARCH, options)
  const flags = value & ~ARCH
  return flags === 0n ? arch : `${arch}|${setText('|kexec', flags, options)}`
}

const CLASS_SHIFT = 13n

/** `IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4)`. */
const ioPriority: Printer = (value, { options }) =>
  named(String(BigInt.asIntN(32, value)), ioPriorityCall(value, options), options)

/** The macro call that makes such a priority. */
export function ioPriorityCall(value: bigint, options: TextOptions): string {
  const name = setText('=ioprio_class', word(value) >> CLASS_SHIFT, options)
  return `IOPRIO_PRIO_VALUE(${name}, ${word(value) & ((1n << CLASS_SHIFT) - 1n)})`
}

const FAN_CLASS = 0xcn

const fanFlags: Printer = (value, { options }) => {
  const name = setText('=fan_class', word(value) & FAN_CLASS, options)
  const flags = word(value) & ~FAN_CLASS
  return flags === 0n ? name : `${name}|${setText('|fan_init', flags, options)}`
}

/** `QCMD(Q_GETQUOTA, USRQUOTA)`. */
const quotaCommand: Printer = (value, { options }) => {
  const [command, type] = [
    setText('=quota_cmd', word(value) >> 8n, NAMES),
    setText('=quota_type', word(value) & 0xffn, NAMES),
  ]
  return named(String(word(value)), `QCMD(${command}, ${type})`, options)
}

/** The upper half of the flags that old programs pass to mount(2). */
const MOUNT_MAGIC = 0xc0ed0000n
const MOUNT_MAGIC_MASK = 0xffff0000n

/** Old programs set a magic number in the upper half, which the kernel ignores. */
const mountFlags: Printer = (value, { options }) => {
  if ((value & MOUNT_MAGIC_MASK) !== MOUNT_MAGIC) return setText('|mount', value, options)
  const magic = named(hex(MOUNT_MAGIC), 'MS_MGC_VAL', options)
  const flags = value & ~MOUNT_MAGIC_MASK
  return flags === 0n ? magic : `${magic}|${setText('|mount', flags, options)}`
}

const FUTEX_SIZE = 3n

/** The size of a futex always has a name, also the one that is zero. */
const futex2Flags: Printer = (value, { options }) => {
  const size = setText('=futex2_size', value & FUTEX_SIZE, options)
  const flags = word(value) & ~FUTEX_SIZE
  return flags === 0n ? size : `${size}|${restText('|futex2', flags, options)}`
}

const KEYS = 0x100n

export const FLAG_WORDS: Readonly<Record<string, Printer>> = {
  mapflags: mapFlags,
  memfdflags: memfdFlags,
  shmflags: withPermissions('|shm_flags', 'SHM_HUGE_SHIFT'),
  ipcflags: withPermissions('|ipc_flags', undefined),
  ipckey: (value, { options }) =>
    word(value) === 0n ? named('0', 'IPC_PRIVATE', options) : hex(word(value)),
  swapflags: swapFlags,
  persona: (value, context) => (word(value) === QUERY ? hex(QUERY) : personalityText(value, context)),
  mpol: memoryPolicy(64),
  mpol32: memoryPolicy(32),
  kexecflags: kexecFlags,
  ioprio: ioPriority,
  fanflags: fanFlags,
  futex2flags: futex2Flags,
  qcmd: quotaCommand,
  mountflags: mountFlags,
}

/** Commands for the three kinds of System V IPC objects. Old callers add IPC_64. */
export const ipcCommand =
  (set: string): Printer =>
  (value, { options }) => {
    if ((value & KEYS) === 0n) return setText(`=${set}`, value, options)
    return `${named(hex(KEYS), 'IPC_64', options)}|${setText(`=${set}`, word(value) & ~KEYS, options)}`
  }

/** How fresh the answer must be is a field of two bits, whose zero value has a name. */
export const statxFlags: Printer = (value, { options }) => {
  const SYNC_TYPE = 0x6000n
  const flags = BigInt.asUintN(32, value)
  const sync = flags & SYNC_TYPE
  const rest = flags & ~SYNC_TYPE
  // As in strace, which prints no number for zero here.
  const none = named('', 'AT_STATX_SYNC_AS_STAT', options).replace(/^ /, '0 ')
  const type = sync === 0n ? none : setText('|at_statx', sync, options)
  return rest === 0n ? type : `${type}|${restText('|at', rest, options)}`
}
