/**
 * Arguments as typed values by name, for programs. Inputs are captured at the entry of a call, and
 * values written by the kernel at its exit. The codec reads them by the kinds of the schema, and
 * plain/ gives them the form that programs see.
 */
import { read } from '../codec/read.ts'
import { BoundedMemory, type Reading } from '../codec/reading.ts'
import { isPointing } from '../linux/schema/kinds.ts'
import { contextOf, shownArguments } from './arguments.ts'
import { DEFAULT_LIMIT, type Shown } from './context.ts'
import { kindOf } from './kinds.ts'
import type { MemoryReader } from './memory.ts'
import { plain } from './plain/plain.ts'
import type { Call, Outcome, Value } from './types.ts'

export type Values = Readonly<Record<string, Value>>

const OPTIONS = {}

const readingOf = (call: Call, memory: MemoryReader, limit: number, result?: bigint): Reading => ({
  memory: new BoundedMemory(memory),
  args: call.args,
  result,
  limit,
  bits: 64,
})

interface Named {
  readonly name: string
  /** The notation of its kind. */
  readonly kind: string
}

const isPath = ({ kind }: Named): boolean => kind === 'path'
const isLate = ({ kind }: Shown): boolean => kindOf(kind).late

/**
 * Headers and man pages call it filename, pathname, path or name. If a call has exactly one path,
 * programs find it as `path`.
 */
export function withPath<Argument extends Named>(args: readonly Argument[]): readonly Argument[] {
  const first = args.findIndex(isPath)
  if (first < 0 || args.findLastIndex(isPath) !== first) return args
  return args.map((arg, index) => (index === first ? { ...arg, name: 'path' } : arg))
}

const valueOf = ({ schema, value }: Shown, reading: Reading): Value =>
  plain(schema, isPointing(schema) && value === 0n ? null : read(schema, value, reading))

/**
 * The inputs of a call, as they are at its entry. `limit`: bytes of a string or buffer, or
 * elements of an array; default 4096.
 */
export function entryValues(call: Call, memory: MemoryReader, limit: number = DEFAULT_LIMIT): Values {
  const reading = readingOf(call, memory, limit)
  const values: Record<string, Value> = {}
  for (const arg of withPath(shownArguments(contextOf(call, memory, OPTIONS))))
    if (!isLate(arg)) values[arg.name] = valueOf(arg, reading)
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
  const reading = readingOf(call, memory, limit, outcome.value)
  const values: Record<string, Value> = {}
  for (const arg of withPath(shownArguments(contextOf(call, memory, OPTIONS, outcome))))
    values[arg.name] = arg.name in entered ? (entered[arg.name] ?? null) : valueOf(arg, reading)
  return values
}
