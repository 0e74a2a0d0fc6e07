/**
 * Arguments as typed values by name, for programs. Inputs are captured at the entry of a call,
 * and values written by the kernel at its exit. Numbers, names and bytes come from registers and
 * memory; values with a structure of their own are parsed from their text.
 */
import { signalName } from '../linux/signals.ts'
import { contextOf, NOTHING, shownArguments } from './arguments.ts'
import { type Context, type Shown, signed32 } from './context.ts'
import { kindOf } from './kinds.ts'
import { type MemoryReader, readWord } from './memory.ts'
import { narrow, readNames, parseText } from './parse-text.ts'
import type { Call, Outcome, Value } from './types.ts'

export type Values = Readonly<Record<string, Value>>

/** Bytes of a string or buffer, or elements of an array. */
export const DEFAULT_LIMIT = 4096
const NO_LIMIT = 2n ** 64n - 1n
const NO_ID = 2n ** 32n - 1n

type Reading = (value: bigint, context: Context) => Value

const number: Reading = value => narrow(value)
const int: Reading = value => signed32(value)
const signed: Reading = value => narrow(BigInt.asIntN(64, value))

/** Kinds whose value is in the register. An id of −1 means "leave unchanged". */
const REGISTERS: Readonly<Record<string, Reading>> = {
  int,
  fd: int,
  dirfd: int,
  tid: int,
  tgid: int,
  pgid: int,
  sid: int,
  who: int,
  long: signed,
  off: signed,
  uint: value => Number(BigInt.asUintN(32, value)),
  mode: value => Number(BigInt.asUintN(16, value)),
  filemode: value => Number(BigInt.asUintN(16, value)),
  id: value => (BigInt.asUintN(32, value) === NO_ID ? -1 : Number(BigInt.asUintN(32, value))),
  size: number,
  hex: number,
  addr: value => (value === 0n ? null : narrow(value)),
  sig: value => (signed32(value) === 0 ? 0 : signalName(signed32(value))),
  rlim: value => (value === NO_LIMIT ? Infinity : narrow(value)),
}

/** A wait status, split as by WIFEXITED(3) and similar macros. */
const waitStatus: Reading = (value, { memory }) => {
  const word = readWord(memory, value, 4)
  if (word === undefined) return narrow(value)
  const status = Number(word)
  const signal = status & 0x7f
  if (status === 0xffff) return { continued: true }
  if (signal === 0) return { exitCode: (status >> 8) & 0xff }
  if (signal !== 0x7f) return { signal: signalName(signal), coreDumped: (status & 0x80) !== 0 }
  return { stopSignal: signalName((status >> 8) & 0x7f) }
}

const IS_CELL = /^(cell|moved|length)[<>=]?/
const IS_BYTES = /^(buf|bytes)[<>=]?/
const IS_NAMES = /^(\||socktype|cloneflags|openflags|mountflags)/

function readingOf(kind: string): Reading {
  if (kind.startsWith('named:')) return readingOf(kind.slice(6))
  const { print } = kindOf(kind)
  const register = REGISTERS[kind]
  if (register) return register
  if (kind.startsWith('wstatus'))
    return (value, context) => (value === 0n ? null : waitStatus(value, context))
  if (IS_NAMES.test(kind)) return (value, context) => readNames(print(value, context))
  if (kind.startsWith('=')) return (value, context) => parseText(readNames(print(value, context))[0] ?? '0')
  if (IS_BYTES.test(kind)) return (value, context) => parseText(print(value, context), true)
  if (!IS_CELL.test(kind)) return (value, context) => parseText(print(value, context))
  return (value, context) => {
    const list = parseText(print(value, context))
    return Array.isArray(list) ? ((list as readonly Value[])[0] ?? null) : list
  }
}

const readings = new Map<string, Reading>()

function readingFor(kind: string): Reading {
  const known = readings.get(kind)
  if (known) return known
  const made = readingOf(kind)
  readings.set(kind, made)
  return made
}

const valuesContext = (call: Call, memory: MemoryReader, limit: number, outcome?: Outcome): Context =>
  contextOf(call, memory, { full: true, stringLimit: limit, stringsInHex: 'all' }, outcome, NOTHING)

const isPath = ({ kind }: Shown): boolean => kind === 'path'
const isLate = ({ kind }: Shown): boolean => kindOf(kind).late

/**
 * Headers and man pages call it filename, pathname, path or name. If a call has exactly one path,
 * programs find it as `path`.
 */
function named(args: readonly Shown[]): readonly Shown[] {
  const first = args.findIndex(isPath)
  if (first < 0 || args.findLastIndex(isPath) !== first) return args
  return args.map((arg, index) => (index === first ? { ...arg, name: 'path' } : arg))
}

/**
 * The inputs of a call, as they are at its entry. `limit`: bytes of a string or buffer, or
 * elements of an array; default 4096.
 */
export function entryValues(call: Call, memory: MemoryReader, limit: number = DEFAULT_LIMIT): Values {
  const context = valuesContext(call, memory, limit)
  const values: Record<string, Value> = {}
  for (const arg of named(shownArguments(context)))
    if (!isLate(arg)) values[arg.name] = readingFor(arg.kind)(arg.value, context)
  return values
}

/**
 * All arguments at the exit of a call, in order: those of `entered` unchanged, the others as the
 * kernel left them.
 */
export function exitValues(
  call: Call,
  entered: Values,
  outcome: Outcome,
  memory: MemoryReader,
  limit: number = DEFAULT_LIMIT,
): Values {
  const context = valuesContext(call, memory, limit, outcome)
  const values: Record<string, Value> = {}
  for (const { name, kind, value } of named(shownArguments(context)))
    values[name] = name in entered ? (entered[name] ?? null) : readingFor(kind)(value, context)
  return values
}
