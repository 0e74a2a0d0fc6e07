/**
 * Results that are more than a number of their kind: what a command asked for, what a call filled,
 * how much time is left. `quirks.ts` says which call has which. `undefined`: its kind is enough.
 */
import {
  ARCH_REQ_XCOMP_GUEST_PERM,
  ARCH_REQ_XCOMP_PERM,
  BPF_BTF_GET_FD_BY_ID,
  BPF_BTF_LOAD,
  BPF_ITER_CREATE,
  BPF_LINK_CREATE,
  BPF_LINK_GET_FD_BY_ID,
  BPF_MAP_CREATE,
  BPF_MAP_GET_FD_BY_ID,
  BPF_OBJ_GET,
  BPF_OBJ_PIN,
  BPF_PROG_GET_FD_BY_ID,
  BPF_PROG_LOAD,
  CLONE_THREAD,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_GETLEASE,
  F_GETOWN,
  F_GETSIG,
  F_GET_SEALS,
  NS_GET_NSTYPE,
  PR_GET_DUMPABLE,
  PR_GET_FP_MODE,
  PR_GET_SECUREBITS,
  PR_GET_MDWE,
  PR_GET_SPECULATION_CTRL,
  PR_PPC_GET_DEXCR,
  PR_RISCV_V_GET_CONTROL,
  PR_GET_TAGGED_ADDR_CTRL,
  PR_MCE_KILL_GET,
  PR_PAC_GET_ENABLED_KEYS,
  PR_SME_GET_VL,
  PR_SME_SET_VL,
  PR_SVE_GET_VL,
  PR_SVE_SET_VL,
  VIDIOC_CREATE_BUFS,
} from '../linux/constants.ts'
import { readStruct } from '../codec/struct.ts'
import { errnoMessage, errnoName } from '../linux/errno.ts'
import { openFlags } from './basic/scalars.ts'
import { argument, type Context, signed32 } from './context.ts'
import { timeComment } from './files/files.ts'
import { pollResult, selectResult } from './files/polls.ts'
import { kindOf, valueText } from './kinds.ts'
import { readWord } from './memory.ts'
import { isGiven } from './shapes/given.ts'
import { structAt } from './shapes/struct-text.ts'
import { NAMES, nameIn, restText, setText, signalText } from './names.ts'
import { riscvVectorText, taggedText } from './process/prctl-words.ts'
import { hex } from './text.ts'

export type ResultPrinter = (value: bigint, context: Context) => string | undefined

/** Names in brackets, which -X raw leaves out. */
const note = (kind: string, value: bigint, { options }: Context): string =>
  options.spelling === 'raw' ? '' : ` (${setText(kind, value, NAMES)})`

/** A name in brackets, if there is one. It does not depend on -X. */
export function nameNote(set: string, value: bigint): string {
  const name = nameIn(set, value)
  return name === undefined ? '' : ` (${name})`
}

const flagsNote =
  (word: string, text: ResultPrinter): ResultPrinter =>
  (value, context) =>
    `${hex(value)} (${word} ${text(value, context)})`

const ofKind =
  (kind: string): ResultPrinter =>
  (value, context) =>
    valueText(kind, value, context)

const descriptorFlags = flagsNote('flags', ofKind('|fd_flags'))
const seals = flagsNote('seals', ofKind('|seals'))

const FCNTL: Readonly<Record<number, ResultPrinter>> = {
  [F_DUPFD]: ofKind('fd'),
  [F_DUPFD_CLOEXEC]: ofKind('fd'),
  [F_GETFD]: (value, context) => (value === 0n ? '0' : descriptorFlags(value, context)),
  [F_GETFL]: flagsNote('flags', value => openFlags(value, NAMES)),
  [F_GETOWN]: ofKind('who'),
  [F_GETSIG]: value => (value === 0n ? undefined : `${value} (${signalText(Number(value), NAMES)})`),
  [F_GETLEASE]: value => hex(value) + nameNote('flock_type', value),
  [F_GET_SEALS]: (value, context) => (value === 0n ? '0' : seals(value, context)),
}

/** `0x8002 (flags O_RDWR|O_LARGEFILE)`. */
export const fcntlResult: ResultPrinter = (value, context) =>
  FCNTL[signed32(argument(context, 1))]?.(value, context)

/** Commands of bpf(2) whose result is shown as a descriptor: those of strace. */
const GIVE_DESCRIPTORS: ReadonlySet<number> = new Set([
  ...[BPF_MAP_CREATE, BPF_PROG_LOAD, BPF_OBJ_PIN, BPF_OBJ_GET, BPF_BTF_LOAD, BPF_LINK_CREATE],
  ...[BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID, BPF_BTF_GET_FD_BY_ID, BPF_LINK_GET_FD_BY_ID],
  BPF_ITER_CREATE,
])

/** A number, but for these commands, if their attributes are shown. */
export const bpfResult: ResultPrinter = (value, context) =>
  GIVE_DESCRIPTORS.has(signed32(argument(context, 0))) && isGiven(argument(context, 1), 2, context)
    ? undefined
    : String(value)

const REQUESTS: Readonly<Record<number, ResultPrinter>> = {
  [NS_GET_NSTYPE]: value => `${value}${nameNote('nstype', value)}`,
  [VIDIOC_CREATE_BUFS]: (value, context) => {
    const made = structAt('v4l2_created', argument(context, 2), context, valueText)
    return made.startsWith('{') ? `${value} (${made})` : undefined
  },
}

/** `268435456 (CLONE_NEWUSER)`: of requests whose result is more than a number. */
export const ioctlResult: ResultPrinter = (value, context) =>
  REQUESTS[Number(BigInt.asUintN(32, argument(context, 1)))]?.(value, context)

/** In hexadecimal, and the names in brackets if there are any, which -X raw leaves out. */
const flagsWithNames =
  (kind: string): ResultPrinter =>
  (value, { options }) => {
    if (value === 0n) return undefined
    const names = restText(kind, value, NAMES)
    const isNamed = options.spelling !== 'raw' && names !== hex(value)
    return isNamed ? `${hex(value)} (${names})` : hex(value)
  }

/** The state of a kind of speculation: of one without a name, only zero has a name. */
const speculation: ResultPrinter = (value, context) =>
  value !== 0n && nameIn('pr_spec', argument(context, 1)) === undefined
    ? undefined
    : hex(value) + note('|pr_spec_get', value, context)

const FEATURE_REQUESTS: ReadonlySet<number> = new Set([ARCH_REQ_XCOMP_PERM, ARCH_REQ_XCOMP_GUEST_PERM])

const MOST_VECTOR_BYTES = 0xffffn
const vector =
  (kind: string): ResultPrinter =>
  (value, context) =>
    hex(value) + (value > MOST_VECTOR_BYTES ? ` (${valueText(kind, value, context)})` : '')

const PRCTL: Readonly<Record<number, ResultPrinter>> = {
  [PR_GET_SECUREBITS]: (value, context) =>
    value === 0n ? undefined : hex(value) + note('|securebits', value, context),
  [PR_SVE_SET_VL]: vector('vector'),
  [PR_SVE_GET_VL]: vector('vector'),
  [PR_SME_SET_VL]: vector('matrix'),
  [PR_SME_GET_VL]: vector('matrix'),
  [PR_GET_FP_MODE]: flagsWithNames('|pr_fp_mode'),
  [PR_PAC_GET_ENABLED_KEYS]: flagsWithNames('|pr_pac_enabled'),
  [PR_GET_TAGGED_ADDR_CTRL]: (value, { options }) =>
    hex(value) + (options.spelling === 'raw' ? '' : ` (${taggedText(value)})`),
  [PR_RISCV_V_GET_CONTROL]: (value, { options }) =>
    hex(value) + (options.spelling === 'raw' ? '' : ` (${riscvVectorText(value)})`),
  [PR_PPC_GET_DEXCR]: flagsWithNames('|ppc_dexcr_ctrl'),
  [PR_GET_MDWE]: flagsWithNames('|mdwe'),
  [PR_GET_SPECULATION_CTRL]: speculation,
  [PR_GET_DUMPABLE]: value => value + nameNote('suid_dump', value),
  [PR_MCE_KILL_GET]: value => value + nameNote('mce_policy', value),
}

/** `2 (PR_…)`: the meaning of the number. */
export const prctlResult: ResultPrinter = (value, context) =>
  PRCTL[signed32(argument(context, 0))]?.(value, context)

/** The struct behind an argument as it is after the call; nothing for NULL. */
function timeLeft(index: number, name: 'timespec' | 'timeval', context: Context): string {
  const timeout = argument(context, index)
  return timeout === 0n ? '' : structAt(name, timeout, context, valueText)
}

/** How much is left of the time to wait, if there was a limit. */
export function receivedMessages(value: bigint, context: Context): string {
  if (value === 0n) return `${value} (Timeout)`
  const left = timeLeft(4, 'timespec', context)
  return left === '' || context.options.addressesOnly ? String(value) : `${value} (left ${left})`
}

/** Features that the caller asked for: their numbers as a mask. */
export const featuresResult: ResultPrinter = (value, context) => {
  if (value <= 0n || !FEATURE_REQUESTS.has(signed32(argument(context, 0)))) return undefined
  return flagsWithNames('|xfeatures')(value, context)
}

export const polled: ResultPrinter = (value, context) => `${value}${pollResult(context, '')}`

export function ppolled(value: bigint, context: Context): string {
  const left = timeLeft(2, 'timespec', context)
  return `${value}${pollResult(context, left === '' ? '' : `left ${left}`)}`
}

export const selected =
  (time: 'timespec' | 'timeval'): ResultPrinter =>
  (value, context) =>
    `${value}${selectResult(context, timeLeft(4, time, context))}`

/** The number that the kernel gave a segment. */
export function segmentNumber(value: bigint, context: Context): string | undefined {
  const fields = readStruct(context.memory, argument(context, 0), 'user_desc')
  return fields && `${value} (entry_number=${fields.entry_number >>> 0})`
}

/** The kernel truncates the result of modify_ldt(2) to 32 bits: an error looks like a number. */
export function truncatedError(value: bigint): string | undefined {
  const errno = 2n ** 32n - value
  if (errno <= 0n || errno >= 4096n) return undefined
  return `${value} ${errnoName(Number(errno))} (${errnoMessage(Number(errno))})`
}

export const secondsSinceEpoch: ResultPrinter = value =>
  value > 0n ? `${value} (${timeComment(value, 0n).slice(4, -3)})` : undefined

export const takenSignal: ResultPrinter = value =>
  value > 0n ? `${value} (${signalText(Number(value), NAMES)})` : undefined

/** The commands that membarrier(2) knows, if they were asked for. */
export const barriers: ResultPrinter = (value, context) =>
  value > 0n && argument(context, 0) === 0n
    ? `${hex(value)} (${setText('|membarrier', value, context.options)})`
    : undefined

/** The created thread or process. */
const created = (flags: bigint, value: bigint, context: Context): string =>
  kindOf(flags & BigInt(CLONE_THREAD) ? 'tid' : 'tgid').print(value, context)

export const cloned: ResultPrinter = (value, context) => created(argument(context, 0), value, context)

export const clonedByStruct: ResultPrinter = (value, context) =>
  created(readWord(context.memory, argument(context, 0), 8) ?? 0n, value, context)
