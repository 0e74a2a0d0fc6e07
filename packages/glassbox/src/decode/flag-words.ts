/** Words of flags in which some bits are a number or a value of their own: its size, its type, its permissions. */
import { constantSet } from '../linux/flags.ts'
import type { Printer } from './context.ts'
import { setText } from './scalars.ts'
import { hex, modeText } from './text.ts'

const HUGE_SHIFT = 26n
const HUGE_MASK = 63n << HUGE_SHIFT

/** Flags, what has no name, and the logarithm of the size of pages; without a comment where something follows. */
function withPageSize(set: string, value: bigint, shift: string): Printer {
  return (_value, { options }) => {
    const size = (value & HUGE_MASK) >> HUGE_SHIFT
    const flags = value & ~HUGE_MASK
    const parts = [
      ...(flags !== 0n || size === 0n ? [setText(set, flags, options)] : []),
      ...(size === 0n ? [] : [`${size}<<${shift}`]),
    ]
    return parts.join('|')
  }
}

const word = (value: bigint): bigint => BigInt.asUintN(32, value)

const MAP_TYPE = 15n

/** The type of a mapping, which every mapping has, and its flags. */
export const mapFlags: Printer = (value, context) => {
  const { options } = context
  if (options.spelling === 'raw') return hex(word(value))
  const flags = word(value) & ~MAP_TYPE
  const plain = { ...options, spelling: 'abbrev' } as const
  const type = setText('=map_type', word(value) & MAP_TYPE, plain)
  const rest = withPageSize('|map', flags, 'MAP_HUGE_SHIFT')(flags, { ...context, options: plain })
  const names = flags === 0n ? type : `${type}|${rest.replace(/ \/\*.*?\*\//, '')}`
  return options.spelling === 'verbose' ? `${hex(word(value))} /* ${names} */` : names
}

export const memfdFlags: Printer = (value, context) =>
  withPageSize('|memfd', word(value), 'MFD_HUGE_SHIFT')(value, context)

const PERMISSIONS = 0o777n

/** Flags of what is made by a key, and its permissions. */
const withPermissions =
  (set: string, shift: string | undefined): Printer =>
  (value, context) => {
    const { options } = context
    const flags = word(value) & ~PERMISSIONS
    const mode = modeText(word(value) & PERMISSIONS)
    if (flags === 0n) return mode
    const text =
      shift === undefined ? setText(set, flags, options) : withPageSize(set, flags, shift)(value, context)
    return `${text.replace(/ \/\*.*?\*\//, '')}|${mode}`
  }

const PRIORITY = 0x7fffn

const swapFlags: Printer = (value, { options }) => {
  const flags = word(value) & ~PRIORITY
  const priority = word(value) & PRIORITY
  if (flags === 0n) return String(priority)
  const text = setText('|swap', flags, options)
  return priority === 0n ? text : `${text}|${priority}`
}

const RESET_ON_FORK = 0x40000000n

const policy: Printer = (value, { options }) => {
  const base = word(value) & ~RESET_ON_FORK
  const isKnown = constantSet('sched')?.entries.some(([, number]) => BigInt(number) === base) ?? false
  if (base === word(value) || !isKnown) return setText('=sched', value, options)
  return `${setText('=sched', base, options)}|SCHED_RESET_ON_FORK`
}

const PERSONALITY = 0xffn

/** `PER_LINUX|ADDR_NO_RANDOMIZE`. */
export const personalityText: Printer = (value, { options }) => {
  const type = setText('=personality', word(value) & PERSONALITY, options)
  const flags = word(value) & ~PERSONALITY
  if (flags === 0n) return type
  return `${type}|${setText('|personality_flags', flags, options).replace(/ \/\*.*?\*\//, '')}`
}

const QUERY = 0xffffffffn

/** An access policy and its modifiers: 64 bits in mbind(2), 32 elsewhere. */
const memoryPolicy =
  (bits: 32 | 64): Printer =>
  (value, { options }) => {
    const MODIFIERS = 0xe000n
    const all = BigInt.asUintN(bits, value)
    const mode = all & ~MODIFIERS
    const flags = all & MODIFIERS
    const named = constantSet('mpol')?.entries.some(([, number]) => BigInt(number) === mode)
    if (flags === 0n) return setText('=mpol', mode, options)
    const names = setText('|mpol_flags', flags, options)
    return named ? `${setText('=mpol', mode, options)}|${names}` : setText('|mpol_flags', all, options)
  }

const ARCH = 0xffff0000n

const kexecFlags: Printer = (value, { options }) => {
  const arch = setText('=kexec_arch', value & ARCH, options)
  const flags = value & ~ARCH
  return flags === 0n ? arch : `${arch}|${setText('|kexec', flags, options)}`
}

const CLASS_SHIFT = 13n

/** `IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4)`. */
export const ioPriority: Printer = (value, { options }) => {
  const name = setText('=ioprio_class', word(value) >> CLASS_SHIFT, options)
  const text = `IOPRIO_PRIO_VALUE(${name}, ${word(value) & ((1n << CLASS_SHIFT) - 1n)})`
  if (options.spelling === 'raw') return hex(word(value))
  return options.spelling === 'verbose' ? `${hex(word(value))} /* ${text} */` : text
}

const FAN_CLASS = 0xcn

const fanFlags: Printer = (value, { options }) => {
  const name = setText('=fan_class', word(value) & FAN_CLASS, options)
  const flags = word(value) & ~FAN_CLASS
  return flags === 0n ? name : `${name}|${setText('|fan_init', flags, options)}`
}

/** `QCMD(Q_GETQUOTA, USRQUOTA)`. */
const quotaCommand: Printer = (value, { options }) =>
  `QCMD(${setText('=quota_cmd', word(value) >> 8n, options)}, ${setText('=quota_type', word(value) & 0xffn, options)})`

const KEYS = 0x100n

export const FLAG_WORDS: Readonly<Record<string, Printer>> = {
  mapflags: mapFlags,
  memfdflags: memfdFlags,
  shmflags: withPermissions('|shm_flags', 'SHM_HUGE_SHIFT'),
  ipcflags: withPermissions('|ipc_flags', undefined),
  ipckey: value => (word(value) === 0n ? 'IPC_PRIVATE' : hex(word(value))),
  swapflags: swapFlags,
  schedpolicy: policy,
  persona: (value, context) => (word(value) === QUERY ? hex(QUERY) : personalityText(value, context)),
  mpol: memoryPolicy(64),
  mpol32: memoryPolicy(32),
  kexecflags: kexecFlags,
  ioprio: ioPriority,
  fanflags: fanFlags,
  qcmd: quotaCommand,
}

/** Commands of the three kinds of objects by key: old callers add IPC_64. */
export const ipcCommand =
  (set: string): Printer =>
  (value, { options }) => {
    const known = constantSet(set)?.entries.some(([, number]) => BigInt(number) === (word(value) & ~KEYS))
    const is64 = (value & KEYS) !== 0n
    if (!is64) return setText(`=${set}`, value, options)
    return known || word(value) !== KEYS
      ? `IPC_64|${setText(`=${set}`, word(value) & ~KEYS, options)}`
      : setText(`=${set}`, value, options)
  }
