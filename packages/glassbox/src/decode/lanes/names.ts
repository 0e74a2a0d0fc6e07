/**
 * The texts of values that have a name, as a program for lines needs them. A table keeps them; the
 * native step looks in it, and tells a call as records if a value is not there. The line of that
 * call is then made by the decoder, and its names are taught here.
 */
import { contextOf } from '../arguments.ts'
import { isDeviceMode } from '../basic/modes.ts'
import type { Context } from '../context.ts'
import { kindOf } from '../kinds.ts'
import type { MemoryReader } from '../memory.ts'
import { signalSetText } from '../process/signals.ts'
import { resultText } from '../results.ts'
import type { Call, Outcome, TextOptions } from '../types.ts'
import { PLAIN_FILE_MODE } from './line-program.ts'
import type { LineProgram, LineStep, Planned, Source } from './plan.ts'

/** The kind of the text of an error, by errno. */
export const ERRORS = 'error'

export interface NameTable {
  /** False also if the table is full. */
  lacks(kind: string, value: bigint): boolean
  learn(kind: string, value: bigint, text: string): void
}

interface NameStep {
  readonly kind: string
  readonly source: Source
  readonly late: boolean
}

const collected = new WeakMap<LineProgram, readonly NameStep[]>()

function namesOf(program: LineProgram): readonly NameStep[] {
  const known = collected.get(program)
  if (known) return known
  const collect = (steps: readonly LineStep[]): NameStep[] =>
    steps.flatMap(step =>
      step.step === 'name' ? [step] : step.step === 'pointer' ? collect(step.inside) : [],
    )
  const names = collect(program.steps)
  collected.set(program, names)
  return names
}

/** The program for a call with these arguments. */
export function programOf(planned: Planned, args: readonly bigint[]): LineProgram | undefined {
  if (!('plans' in planned)) return planned.line
  const value = Number(BigInt.asUintN(32, args[planned.argument] ?? 0n) & BigInt(planned.mask))
  return planned.plans.get(value)?.line
}

/** `undefined` if this value is not to be known by its number alone. */
function nameText(kind: string, value: bigint, context: Context): string | undefined {
  if (kind === PLAIN_FILE_MODE)
    return isDeviceMode(value) ? undefined : kindOf('filemode').print(value, context)
  if (kind === 'sigset') return signalSetText(value, context.options)
  return kindOf(kind).print(value, context)
}

function valueOf(source: Source, call: Call, memory: MemoryReader): bigint | undefined {
  const register = call.args[source.argument] ?? 0n
  if (!('offset' in source)) return register
  if (register === 0n) return undefined
  const { offset, width } = source
  const bytes = memory.read(register + BigInt(offset), width)
  if (bytes.length < width) return undefined
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

/**
 * Teaches the names of the part that is printed now: at the entry, or (with an outcome) at the
 * exit.
 */
export function teachNames(
  table: NameTable,
  planned: Planned,
  call: Call,
  memory: MemoryReader,
  options: TextOptions,
  outcome?: Outcome,
): void {
  const program = programOf(planned, call.args)
  if (!program) return
  let context: Context | undefined
  const learn = (kind: string, value: bigint, make: (context: Context) => string | undefined): void => {
    if (!table.lacks(kind, value)) return
    context ??= contextOf(call, memory, options, outcome)
    const text = make(context)
    if (text !== undefined) table.learn(kind, value, text)
  }
  for (const { kind, source, late } of namesOf(program)) {
    if (late !== (outcome !== undefined)) continue
    const inMemory = 'offset' in source
    if (inMemory && outcome?.failed === true) continue
    const value = valueOf(source, call, memory)
    if (value !== undefined) learn(kind, value, made => nameText(kind, value, made))
  }
  if (!outcome) return
  if (outcome.failed) learn(ERRORS, -outcome.value, resultText)
  else if (typeof program.result === 'object')
    learn(program.result.named, BigInt.asUintN(64, outcome.value), resultText)
}
