/**
 * The text after `= `: the value by its kind, the error by name and message, and the outcome of
 * the call.
 */
import { errnoMessage, errnoName } from '../linux/errno.ts'
import { syscallOf } from '../linux/abi.ts'
import { argument, type Context, signed32 } from './context.ts'
import { kindOf, valueText } from './kinds.ts'
import { ioPriorityCall, personalityText } from './basic/flag-words.ts'
import { struct } from '../codec/struct.ts'
import { readView, readWord } from './memory.ts'
import { modeText } from './basic/modes.ts'
import { timeComment } from './files/files.ts'
import { pollResult, selectResult } from './files/polls.ts'
import { NAMES, nameIn, setText, signalText } from './names.ts'
import { openFlags } from './basic/scalars.ts'
import { structAt } from './basic/structs.ts'
import { hex } from './text.ts'

/** Only a tracer sees these codes: the kernel restarts the call or turns the code into EINTR. */
const RESTARTS: ReadonlyMap<number, string> = new Map([
  [512, 'ERESTARTSYS (To be restarted if SA_RESTART is set)'],
  [513, 'ERESTARTNOINTR (To be restarted)'],
  [514, 'ERESTARTNOHAND (To be restarted if no handler)'],
  [516, 'ERESTART_RESTARTBLOCK (Interrupted by signal)'],
])

function errorText(errno: number): string {
  const restart = RESTARTS.get(errno)
  if (restart !== undefined) return `? ${restart}`
  const name = errnoName(errno)
  return name.startsWith('ERRNO_') ? `-1 (errno ${errno})` : `-1 ${name} (${errnoMessage(errno)})`
}

const F_GETFD = 1
const F_GETFL = 3
const F_DUPFD = [0, 1030]
const F_GET_SEALS = 1034
const F_GETLEASE = 1025
const F_GETSIG = 11
const F_GETOWN = 9

/** `0x8002 (flags O_RDWR|O_LARGEFILE)`. */
function fcntlResult(value: bigint, context: Context): string | undefined {
  const command = signed32(argument(context, 1))
  if (F_DUPFD.includes(command)) return valueText('fd', value, context)
  const kind = { [F_GETFD]: '|fd_flags', [F_GETFL]: 'openflags', [F_GET_SEALS]: '|seals' }[command]
  if (kind !== undefined) {
    if (command !== F_GETFL && value === 0n) return '0'
    const shown = command === F_GETFL ? openFlags(value, NAMES) : valueText(kind, value, context)
    return `${hex(value)} (${command === F_GET_SEALS ? 'seals' : 'flags'} ${shown})`
  }
  if (command === F_GETOWN) return valueText('who', value, context)
  if (command === F_GETSIG && value !== 0n) return `${value} (${signalText(Number(value), NAMES)})`
  return command === F_GETLEASE ? `${hex(value)} (${setText('=flock_type', value, NAMES)})` : undefined
}

/** PR_SVE_SET_VL, PR_SVE_GET_VL, PR_SME_SET_VL and PR_SME_GET_VL. */
const VECTORS: Readonly<Record<number, string>> = { 50: 'vector', 51: 'vector', 63: 'matrix', 64: 'matrix' }

/** `2 (PR_…)`: the meaning of the number. */
function prctlResult(value: bigint, context: Context): string | undefined {
  const [SECUREBITS, SPECULATION, DUMPABLE, MCE] = [27, 52, 3, 34]
  const option = signed32(argument(context, 0))
  if (option === SECUREBITS && value !== 0n) return hex(value) + note('|securebits', value, context)
  if (VECTORS[option] !== undefined)
    return hex(value) + (value > 0xffffn ? ` (${valueText(VECTORS[option], value, context)})` : '')
  if (option === SPECULATION) return hex(value) + note('|pr_spec_get', value, context)
  const set = { [DUMPABLE]: 'suid_dump', [MCE]: 'mce_policy' }[option]
  return set === undefined ? undefined : value + nameNote(set, value)
}

/** Names in brackets, which -X raw leaves out. */
const note = (kind: string, value: bigint, { options }: Context): string =>
  options.spelling === 'raw' ? '' : ` (${setText(kind, value, NAMES)})`

/** A name in brackets, if there is one. It does not depend on -X. */
function nameNote(set: string, value: bigint): string {
  const name = nameIn(set, value)
  return name === undefined ? '' : ` (${name})`
}

function segmentNumber(context: Context): string {
  const word = readWord(context.memory, argument(context, 0), 4)
  return word === undefined ? '' : ` (entry_number=${word})`
}

/** Kinds of results that have a name beside the number. */
const NAMED: Readonly<Record<string, ResultPrinter>> = {
  // As in strace: without the struct, there is no name.
  clock_state: (value, context) => {
    const at = argument(context, syscallOf(context.call.nr, context.call.abi)?.name === 'adjtimex' ? 0 : 1)
    const codec = struct('timex')
    return readView(context.memory, at, codec.size)
      ? value + nameNote('adjtimex_state', value)
      : String(value)
  },
  policy: value => value + nameNote('sched', value),
  ioprio: (value, { options }) =>
    options.spelling === 'raw' ? String(value) : `${value} (${ioPriorityCall(value, options)})`,
}

type ResultPrinter = (value: bigint, context: Context) => string | undefined

const CLONE_THREAD = 0x10000n

/** The created thread or process. */
const cloned = (flags: bigint, value: bigint, context: Context): string =>
  kindOf(flags & CLONE_THREAD ? 'tid' : 'tgid').print(value, context)

/** Calls whose result needs more than its kind. `undefined`: its kind is enough. */
const SPECIAL: Readonly<Record<string, ResultPrinter>> = {
  fcntl: fcntlResult,
  umask: modeText,
  poll: (value, context) => `${value}${pollResult(context, '')}`,
  ppoll: (value, context) => {
    const timeout = argument(context, 2)
    const left = timeout === 0n ? '' : `, left ${structAt('timespec', timeout, context, valueText)}`
    return `${value}${pollResult(context, left)}`
  },
  select: (value, context) => {
    const timeout = argument(context, 4)
    return `${value}${selectResult(context, timeout === 0n ? '' : structAt('timeval', timeout, context, valueText))}`
  },
  pselect6: (value, context) => {
    const timeout = argument(context, 4)
    return `${value}${selectResult(context, timeout === 0n ? '' : structAt('timespec', timeout, context, valueText))}`
  },
  prctl: prctlResult,
  personality: (value, context) => `${hex(value)} (${personalityText(value, context)})`,
  recvmmsg: value => `${value}${value === 0n ? ' (Timeout)' : ''}`,
  membarrier: (value, context) =>
    value > 0n && argument(context, 0) === 0n
      ? `${hex(value)} (${setText('|membarrier', value, context.options)})`
      : undefined,
  get_thread_area: (value, context) => `${value}${segmentNumber(context)}`,
  set_thread_area: (value, context) => `${value}${segmentNumber(context)}`,
  // The kernel truncates the result to 32 bits.
  modify_ldt: value =>
    value > 0xfffff000n && value <= 0xffffffffn
      ? `${value} ${errnoName(Number(2n ** 32n - value))} (${errnoMessage(Number(2n ** 32n - value))})`
      : undefined,
  time: value => (value > 0n ? `${value} (${timeComment(value, 0n).slice(4, -3)})` : undefined),
  futex: value => String(signed32(value)),
  rt_sigtimedwait: (value, { options }) =>
    value > 0n && options.spelling !== 'raw' ? `${value} (${signalText(Number(value), NAMES)})` : undefined,
  clone: (value, context) => cloned(argument(context, 0), value, context),
  clone3: (value, context) => cloned(readWord(context.memory, argument(context, 0), 8) ?? 0n, value, context),
}

/** Kinds of results that are printed like arguments of the same kind. */
const PRINTED = new Set(['fd', 'tid', 'tgid', 'pgid', 'sid'])

const HEXADECIMAL = new Set(['mmap', 'mremap', 'brk', 'shmat'])

function valueOf(name: string, kind: string, value: bigint, context: Context): string {
  if (HEXADECIMAL.has(name) || kind === 'addr') return hex(BigInt.asUintN(64, value))
  if (PRINTED.has(kind)) return kindOf(kind).print(value, context)
  const special = NAMED[kind]?.(value, context)
  if (special !== undefined) return special
  return String(value)
}

/**
 * How the result of a call that did not fail is written: as a number, or by a name that depends on
 * its value (and on the kinds of the arguments) alone. `undefined` if more than that decides.
 */
export function resultForm(name: string, kind: string): 'signed' | 'int' | 'hex' | 'named' | undefined {
  if (name in SPECIAL) return NAMED_RESULTS.has(name) ? 'named' : undefined
  if (HEXADECIMAL.has(name) || kind === 'addr') return 'hex'
  if (PRINTED.has(kind)) return 'int'
  return kind in NAMED ? 'named' : 'signed'
}

/** Calls of `SPECIAL` whose result depends on nothing else, for one command of the call. */
const NAMED_RESULTS = new Set(['fcntl', 'prctl', 'umask', 'personality', 'futex', 'rt_sigtimedwait'])

/** The text after `= `. */
export function resultText(context: Context): string {
  const { call, outcome } = context
  if (!outcome) return '?'
  if (outcome.failed) return errorText(Number(-outcome.value))
  const syscall = syscallOf(call.nr, call.abi)
  if (!syscall) return hex(BigInt.asUintN(64, outcome.value))
  return (
    SPECIAL[syscall.name]?.(outcome.value, context) ??
    valueOf(syscall.name, syscall.result, outcome.value, context)
  )
}
