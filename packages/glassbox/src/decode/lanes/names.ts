/**
 * The texts of values that have a name, as a program for lines needs them. A table keeps them; the
 * native step looks in it, and tells a call as records if a value is not there. The line of that
 * call is then made by the decoder, and its names are taught here.
 */
import { fromRegister } from '../../codec/numbers.ts'
import { errnoName } from '../../linux/errno.ts'
import { widthOf } from '../../linux/schema/widths.ts'
import { contextOf } from '../arguments.ts'
import { fileModeText, isDeviceMode } from '../basic/modes.ts'
import type { Context } from '../context.ts'
import { kindOf } from '../kinds.ts'
import type { MemoryReader } from '../memory.ts'
import { plain } from '../plain/plain.ts'
import { handlerText, signalSetText } from '../process/signals.ts'
import { resultText } from '../results.ts'
import type { Call, Outcome, TextOptions } from '../types.ts'
import { ERRNOS, ERRORS, type JsonText, type NameTable } from './name-table.ts'
import { PLAIN_FILE_MODE, SIGNAL_HANDLER } from './struct-steps.ts'
import {
  type CallPlan,
  type CompiledPlan,
  isStandard,
  type LineStep,
  type Planned,
  type Source,
} from './plan.ts'

type NameStep = LineStep & { readonly step: 'name' | 'jsonEntries' }
/** Types of files are numbers below this one. */
const FILE_TYPES = 16

const collected = new WeakMap<CallPlan, readonly NameStep[]>()

function namesOf(plan: CallPlan): readonly NameStep[] {
  const known = collected.get(plan)
  if (known) return known
  const collect = (steps: readonly LineStep[]): NameStep[] =>
    steps.flatMap(step =>
      step.step === 'name' || step.step === 'jsonEntries'
        ? [step]
        : 'inside' in step
          ? collect(step.inside)
          : [],
    )
  const names = collect([...(plan.line?.steps ?? []), ...(plan.json ?? [])])
  collected.set(plan, names)
  return names
}

/** The plan for a call with these arguments. */
export function planFor(planned: CompiledPlan, args: readonly bigint[]): CallPlan | undefined {
  if (!('plans' in planned)) return planned
  const value = Number(BigInt.asUintN(32, args[planned.argument] ?? 0n) & BigInt(planned.mask))
  return planned.plans.get(value)
}

/** `undefined` if this value is not to be known by its number alone. */
function nameText(
  { kind, schema }: NameStep,
  value: bigint,
  context: Context,
  json: JsonText | undefined,
): string | undefined {
  if (schema) return json?.(plain(schema, fromRegister(value, widthOf(schema))))
  if (kind === PLAIN_FILE_MODE) return isDeviceMode(value) ? undefined : fileModeText(value, context.options)
  if (kind === 'sigset') return signalSetText(value, context.options)
  if (kind === SIGNAL_HANDLER) return handlerText(value, context.options)
  return kindOf(kind).print(value, context)
}

/** As `put_named` of native/lines.c decides. */
const isNumber = (unless: 'number' | 'address' | undefined, value: bigint): boolean =>
  unless === 'number'
    ? BigInt.asIntN(32, value) >= 0n
    : unless === 'address' && value >= 4096n && BigInt.asIntN(64, value) > 0n

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
  json?: JsonText,
): void {
  const compiled = isStandard(planned) ? planned.compile() : planned
  const plan = compiled && planFor(compiled, call.args)
  const program = plan?.line
  if (!program) return
  let context: Context | undefined
  const learn = (kind: string, value: bigint, make: (context: Context) => string | undefined): void => {
    if (!table.lacks(kind, value)) return
    context ??= contextOf(call, memory, options, outcome)
    const text = make(context)
    if (text !== undefined) table.learn(kind, value, text)
  }
  for (const step of namesOf(plan)) {
    if (step.step === 'jsonEntries') {
      if (!outcome) continue
      for (let type = 0n; type < FILE_TYPES; type++)
        learn(step.kind, type, made => nameText(step, type, made, json))
      continue
    }
    const { kind, source, late, unless } = step
    if (late !== (outcome !== undefined)) continue
    const inMemory = 'offset' in source
    if (inMemory && outcome?.failed === true) continue
    const value = valueOf(source, call, memory)
    if (value === undefined || isNumber(unless, value)) continue
    learn(kind, value, made => nameText(step, value, made, json))
  }
  if (!outcome) return
  if (outcome.failed) {
    learn(ERRORS, -outcome.value, resultText)
    if (json) learn(ERRNOS, -outcome.value, () => json(errnoName(Number(-outcome.value))))
  } else if (typeof program.result === 'object')
    learn(program.result.named, BigInt.asUintN(64, outcome.value), resultText)
}
