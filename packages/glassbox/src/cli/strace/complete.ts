/** Turns what the options said into what will be done: some imply others. */
import {
  DESCRIPTOR_DETAILS,
  type Prefix,
  QUIET,
  type Quiet,
  type Spelling,
  type StackOptions,
  type StraceOptions,
  type SummaryOptions,
  type TraceSettings,
} from '../../strace/options.ts'
import { DEFAULT_COLUMNS } from '../../strace/summary/columns.ts'
import { check, isFollowing, isSeparate } from './checks.ts'
import { DETACHMENTS, type Draft } from './draft.ts'
import type { Detachment } from '../../trace/source.ts'

export function complete(draft: Draft, command: readonly string[]): StraceOptions {
  check(draft, command)
  const quiet = quietOf(draft, command)
  const separate = isSeparate(draft) && draft.output !== undefined
  const summary = summaryOf(draft)
  const only = summary !== undefined && !summary.withText
  const others = draft.json || draft.perfetto !== undefined || draft.tree || draft.stats
  // If there is another output, text is written only to the file of -o.
  const text = !only && !draft.json && (!others || draft.output !== undefined || summary?.withText === true)
  const trace: StraceOptions['trace'] = {
    selection: {
      trace: draft.trace,
      signals: draft.signals,
      paths: draft.paths,
      ...optional('fds', draft.fds),
      status: draft.status,
    },
    spelling: spellingOf(draft),
    prefix: prefixOf(draft, separate),
    injections: draft.injections,
    quiet,
    columns: draft.columns,
    ...optional('callTimes', draft.callTimes),
    ...optional('summary', summary),
    ...optional('stacks', stacksOf(draft, text)),
    ...optional('callLimit', draft.callLimit),
    detachOnExecve: draft.detachOnExecve,
    follow: isFollowing(draft),
    text,
    json: draft.json,
    tree: draft.tree,
    stats: draft.stats,
  }
  return {
    trace,
    ...optional('output', draft.output),
    append: draft.append,
    separate,
    ...optional('perfetto', draft.perfetto),
    command,
    ...optional('argv0', draft.argv0),
    pids: [...new Set(draft.pids)],
    env: draft.env,
    ...optional('user', draft.user),
    ...(draft.runner !== undefined && { box: { here: draft.here, binds: draft.binds } }),
    seccomp: draft.seccomp && command.length > 0,
    killOnExit: draft.killOnExit,
    ...optional('daemonize', daemonizeOf(draft)),
    interruptible: draft.interruptible ?? (draft.output !== undefined && command.length > 0 ? 3 : 2),
    warnings: draft.warnings,
  }
}

function daemonizeOf({ detachment, daemonLetters }: Draft): Detachment | undefined {
  return detachment ?? DETACHMENTS[daemonLetters - 1]?.[0]
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value })
}

/** -q is implied if the trace does not go to the terminal and a command was given. */
function quietOf(draft: Draft, command: readonly string[]): readonly Quiet[] {
  if (draft.quiet) return draft.quiet
  const quiets = draft.quiets === 0 && draft.output !== undefined && command.length > 0 ? 1 : draft.quiets
  if (quiets > 2) return QUIET
  return (['attach', 'personality', 'exit'] as const).slice(0, quiets === 0 ? 0 : quiets + 1)
}

/** Warns if stacks were asked for but have no effect. */
function stacksOf(draft: Draft, text: boolean): StackOptions | undefined {
  if (!draft.stacks) return undefined
  if (text || draft.json) return { frameLimit: draft.frameLimit }
  if (draft.summary !== 'only')
    draft.warn('-k/--stack-traces has no effect with --perfetto, --tree or --stats alone')
  return undefined
}

function summaryOf(draft: Draft): SummaryOptions | undefined {
  if (draft.summary === undefined) return undefined
  const { summary, wallClock, overheadUs, sortBy = 'time', summaryColumns: columns = DEFAULT_COLUMNS } = draft
  return { withText: summary === 'also', wallClock, overheadUs, sortBy, columns }
}

function spellingOf(draft: Draft): Spelling {
  const { abbrev, verbose, raw, stringLimit, constants, names, comm, pidns, dumpRead, dumpWrite } = draft
  const byLetters = [[], ['path'], DESCRIPTOR_DETAILS] as const
  const descriptors = draft.descriptors ?? byLetters[Math.min(draft.descriptorLetters, 2)] ?? []
  return {
    abbrev,
    verbose,
    raw,
    stringLimit,
    stringsInHex: draft.stringsInHex,
    constants,
    names,
    descriptors,
    comm,
    pidns,
    dumpRead,
    dumpWrite,
  }
}

const BY_TIMES = [
  undefined,
  { format: 'time', precision: 0 },
  { format: 'time', precision: 6 },
  { format: 'unix', precision: 6 },
] as const

function prefixOf(draft: Draft, separate: boolean): Prefix {
  const time = draft.timestamps ?? BY_TIMES[Math.min(draft.times, 3)]
  const isShared =
    draft.output !== undefined && (isFollowing(draft) || draft.pids.length > 1 || draft.alwaysPid)
  const always = draft.alwaysPid ? 'brackets-always' : 'brackets'
  return {
    pid: separate ? 'never' : isShared ? 'shared' : draft.output === undefined ? always : 'never',
    ...(time && time.format !== 'none' ? { time: { format: time.format, precision: time.precision } } : {}),
    ...optional('relative', draft.relative),
    number: draft.number,
    instructionPointer: draft.instructionPointer,
  } satisfies TraceSettings['prefix']
}
