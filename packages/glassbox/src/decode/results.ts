/**
 * The text after `= `: the value by its kind, the error by name and message, and the outcome of
 * the call. What single calls have of their own is in quirks.ts.
 */
import { errnoMessage, errnoName } from '../linux/errno.ts'
import { argument, type Context } from './context.ts'
import { kindOf } from './kinds.ts'
import { ioPriorityCall } from './basic/flag-words.ts'
import { nameNote, type ResultPrinter } from './call-results.ts'
import { struct } from '../codec/struct.ts'
import { readView } from './memory.ts'
import { QUIRKS } from './quirks.ts'
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

/** Kinds of results that have a name beside the number. */
const NAMED: Readonly<Record<string, ResultPrinter>> = {
  // As in strace: without the struct, there is no name.
  clock_state: (value, context) => {
    const at = argument(context, context.syscall?.sameAs === 'adjtimex' ? 0 : 1)
    const codec = struct('timex', context.memory.model)
    return readView(context.memory, at, codec.size)
      ? value + nameNote('adjtimex_state', value)
      : String(value)
  },
  policy: value => value + nameNote('sched', value),
  ioprio: (value, { options }) =>
    options.spelling === 'raw' ? String(value) : `${value} (${ioPriorityCall(value, options)})`,
}

/** Kinds of results that are printed like arguments of the same kind. */
const PRINTED = new Set(['fd', 'tid', 'tgid', 'pgid', 'sid'])

function valueOf(name: string, kind: string, value: bigint, context: Context): string {
  if (QUIRKS[name]?.isAddress || kind === 'addr') return hex(BigInt.asUintN(64, value))
  if (PRINTED.has(kind)) return kindOf(kind).print(value, context)
  return NAMED[kind]?.(value, context) ?? String(value)
}

/**
 * How the result of a call that did not fail is written: as a number, or by a name that depends on
 * its value (and on the kinds of the arguments) alone. `undefined` if more than that decides.
 */
export function resultForm(name: string, kind: string): 'signed' | 'int' | 'hex' | 'named' | undefined {
  const { result, isNamed, isAddress } = QUIRKS[name] ?? {}
  if (result) return isNamed ? 'named' : undefined
  if (isAddress || kind === 'addr') return 'hex'
  if (PRINTED.has(kind)) return 'int'
  return kind in NAMED ? 'named' : 'signed'
}

/** The text after `= `. */
export function resultText(context: Context): string {
  const { syscall, outcome } = context
  if (!outcome) return '?'
  if (outcome.failed) return errorText(Number(-outcome.value))
  if (!syscall) return hex(BigInt.asUintN(64, outcome.value))
  const name = syscall.sameAs ?? syscall.name
  return (
    (syscall.hasUnreadArguments ? undefined : QUIRKS[name])?.result?.(outcome.value, context) ??
    valueOf(name, syscall.result, outcome.value, context)
  )
}
