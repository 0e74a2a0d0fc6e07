/**
 * Turns a system call, its registers and a way to read memory into strace's text. Pure, and based
 * on the one table of `src/linux`: the kind of each argument says how it is printed, and whether
 * it can be printed before the call has run.
 */
import { contextOf, NOTHING, shownArguments } from './arguments.ts'
import { callName } from './call-name.ts'
import type { Context, Shown } from './context.ts'
import { kindOf, rememberedAt, valueText as kindText } from './kinds.ts'
import type { MemoryReader } from './memory.ts'
import { resultText } from './results.ts'
import { hex } from './text.ts'
import type { Call, EntryText, ExitText, Outcome, TextOptions } from './types.ts'

export type { Call, EntryText, ExitText, Outcome, TextOptions } from './types.ts'
export type { DecodeOptions }
export { callName } from './call-name.ts'
export { siginfoText } from './process/signals.ts'

type DecodeOptions = TextOptions

function argumentText({ name, kind, value }: Shown, context: Context): string {
  const text = kindOf(kind).print(value, context)
  return context.options.names || kind.startsWith('named:') ? `${name}=${text}` : text
}

/** The part that is printed at the entry of a call. */
export function entryText(call: Call, memory: MemoryReader, options: TextOptions = {}): EntryText {
  const context = contextOf(call, memory, options)
  const shown = shownArguments(context)
  let text = `${context.syscall?.name ?? callName(call.nr, call.abi)}(`
  let printed = 0
  for (const arg of shown) {
    if (kindOf(arg.kind).late) break
    text += printed === 0 ? argumentText(arg, context) : `, ${argumentText(arg, context)}`
    printed++
  }
  const complete = printed === shown.length
  if (!complete && printed > 0) text += ', '
  const remembered = complete ? NOTHING : rememberAll(shown, context)
  return { text, printed, complete, state: { shown, remembered } }
}

interface EntryState {
  readonly shown: readonly Shown[]
  readonly remembered: ReadonlyMap<bigint, bigint>
}

function rememberAll(shown: readonly Shown[], context: Context): ReadonlyMap<bigint, bigint> {
  const found = new Map<bigint, bigint>()
  for (const { kind, value } of shown) {
    const was = kindOf(kind).remember?.(value, context)
    if (was !== undefined) found.set(rememberedAt(kind, value), was)
  }
  return found
}

/** The part that is printed at the exit, from the memory as it is then. */
export function exitText(
  call: Call,
  entry: EntryText,
  outcome: Outcome,
  memory: MemoryReader,
  options: TextOptions = {},
): ExitText {
  const { shown, remembered } = entry.state as EntryState
  const context = contextOf(call, memory, options, outcome, remembered)
  const rest = entry.complete
    ? ')'
    : `${shown
        .slice(entry.printed)
        .map(arg => argumentText(arg, context))
        .join(', ')})`
  return {
    rest,
    result:
      options.raw && !outcome.failed
        ? hex(BigInt.asUintN(64, context.outcome?.value ?? 0n))
        : resultText(context),
  }
}

/**
 * The arguments as strace would print them, without the brackets, for a call that has not run.
 * What the kernel would write is printed as an address.
 */
export function argumentsText(call: Call, memory: MemoryReader, options: DecodeOptions = {}): string {
  const context = contextOf(call, memory, options)
  return shownArguments(context)
    .map((arg, index) => options.substitute?.(index) ?? argumentText(arg, context))
    .join(', ')
}

/** `openat(AT_FDCWD, "/etc/passwd", O_RDONLY)`, for a call that has not run. */
export function callText(call: Call, memory: MemoryReader, options: DecodeOptions = {}): string {
  return `${callName(call.nr)}(${argumentsText(call, memory, options)})`
}

/** One value by its kind. */
export function valueText(kind: string, value: bigint): string {
  return kindText(kind, value, contextOf({ nr: -1, args: [] }, { read: () => new Uint8Array(0) }, {}))
}
