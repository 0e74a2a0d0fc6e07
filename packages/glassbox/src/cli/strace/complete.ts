/**
 * Turns what the options said into what will be done: which options exclude or imply each other,
 * and which have no effect.
 */
import { realpathSync } from 'node:fs'
import { usageFault, fault } from '../../strace/fault.ts'
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
import { isFull } from '../../strace/select/call-set.ts'
import { DEFAULT_COLUMNS } from '../../strace/summary/columns.ts'
import { DETACHMENTS, type Draft } from './draft.ts'
import type { Detachment } from '../../trace/source.ts'

const SUMMARY = '(-c/--summary-only or -C/--summary)'

interface Rule {
  readonly broken: (draft: Draft, command: readonly string[]) => boolean
  readonly message: string
  /** The error message points to the help. */
  readonly usage: boolean
}

const usage = (message: string, broken: Rule['broken']): Rule => ({ message, broken, usage: true })
const both = (message: string, broken: Rule['broken']): Rule => ({ message, broken, usage: false })
const isSeparate = (draft: Draft): boolean => draft.separate || draft.follows > 1
const isPipe = (draft: Draft): boolean => /^[|!]/.test(draft.output ?? '')

const isBoxed = (draft: Draft): boolean => draft.here || draft.binds.length > 0

/** What has no meaning for a program in a kernel of its own. */
const REFUSED: readonly (readonly [why: string, isGiven: (draft: Draft) => boolean])[] = [
  ['-p/--attach traces a process of the host', d => d.pids.length > 0],
  ['-D/--daemonize makes the command a child of its caller', d => d.daemonLetters > 0 || !!d.detachment],
  ['-u/--user changes to a user of the host', d => d.user !== undefined],
  ['--argv0 is for programs of the host', d => d.argv0 !== undefined],
  [
    '-I/--interruptible lets the command outlive ^C, which ends the kernel',
    d => d.interruptible !== undefined,
  ],
]

const RULES: readonly Rule[] = [
  both('-t and --absolute-timestamps cannot be provided simultaneously', d => d.times > 0 && !!d.timestamps),
  both('-q and -e quiet/--quiet cannot be provided simultaneously', d => d.quiets > 0 && !!d.quiet),
  both('-x and --strings-in-hex cannot be provided simultaneously', d => d.hexes > 0 && !!d.hex),
  both(
    '-y and --decode-fds cannot be provided simultaneously',
    d => d.descriptorLetters > 0 && !!d.descriptors,
  ),
  both(
    '-D and --daemonize cannot be provided simultaneously',
    d => d.daemonLetters > 0 && d.detachment !== undefined,
  ),
  usage('must have PROG [ARGS] or -p PID', (d, command) => command.length === 0 && d.pids.length === 0),
  usage(
    'PROG [ARGS] must be specified with -D/--daemonize',
    (d, command) => command.length === 0 && (d.daemonLetters > 0 || d.detachment !== undefined),
  ),
  usage(
    'PROG [ARGS] must be specified with --argv0',
    (d, command) => command.length === 0 && d.argv0 !== undefined,
  ),
  usage(
    `${SUMMARY} and -ff/--output-separately are mutually exclusive`,
    d => d.summary !== undefined && isSeparate(d),
  ),
  usage(`-w/--summary-wall-clock must be given with ${SUMMARY}`, d => d.wallClock && d.summary === undefined),
  usage(
    `-U/--summary-columns must be given with ${SUMMARY}`,
    d => d.summaryColumns !== undefined && d.summary === undefined,
  ),
  usage(
    'piping the output and -ff/--output-separately are mutually exclusive',
    d => isPipe(d) && isSeparate(d),
  ),
  usage('--kill-on-exit and -p/--attach are mutually exclusive', d => d.killOnExit && d.pids.length > 0),
  usage('--json and -ff/--output-separately are mutually exclusive', d => d.json && isSeparate(d)),
  usage(`--json and ${SUMMARY} are mutually exclusive`, d => d.json && d.summary !== undefined),
  usage('--here and --bind must be given with --runner', d => isBoxed(d) && d.runner === undefined),
  ...REFUSED.map(([message, isGiven]) =>
    both(`${message}, so it cannot be used with --runner kernel`, d => d.runner !== undefined && isGiven(d)),
  ),
]

export function complete(draft: Draft, command: readonly string[]): StraceOptions {
  for (const { broken, message, usage: isUsage } of RULES)
    if (broken(draft, command)) throw isUsage ? usageFault(message) : fault(message)
  const warnings = [...draft.warnings]
  const quiet = quietOf(draft, command)
  const separate = isSeparate(draft) && draft.output !== undefined
  if (draft.output === undefined) {
    if (draft.append) warnings.push('-A/--output-append-mode has no effect without -o/--output')
    if (draft.separate) warnings.push('--output-separately has no effect without -o/--output')
  }
  if (draft.statusLetters > 1)
    warnings.push(
      'Only the last of -z/--successful-only/-Z/--failed-only options will take effect. See status qualifier for more complex filters.',
    )
  for (const { retval } of draft.injections) {
    if (retval === undefined) continue
    const word = BigInt.asUintN(64, retval)
    // As the register value: the kernel's ABI reads −4095 … −1 as a failure.
    if (retval < 0n && retval >= -4095n)
      warnings.push(`Inadvertent injection of error ${-retval} is possible for retval=${word}`)
    else if (word !== BigInt.asUintN(32, word))
      warnings.push(
        `Injected return value ${word} will be clipped to ${BigInt.asUintN(32, word)} in compat personality`,
      )
  }
  warnings.push(...withoutEffect(draft))
  const seccomp = seccompOf(draft, command, warnings)
  const paths = draft.paths.flatMap(path => {
    const resolved = resolve(path)
    if (resolved === undefined || resolved === path) return [path]
    if (!quiet.includes('path-resolution'))
      warnings.push(`Requested path "${path}" resolved into "${resolved}"`)
    return [path, resolved]
  })
  const summary = summaryOf(draft)
  const only = summary !== undefined && !summary.withText
  const others = draft.json || draft.perfetto !== undefined || draft.tree || draft.stats
  // If there is another output, text is written only to the file of -o.
  const text = !only && !draft.json && (!others || draft.output !== undefined || summary?.withText === true)
  const trace: StraceOptions['trace'] = {
    selection: { trace: draft.trace, signals: draft.signals, paths, status: draft.status },
    spelling: spellingOf(draft),
    prefix: prefixOf(draft, separate),
    injections: draft.injections,
    quiet,
    columns: draft.columns,
    ...optional('callTimes', draft.callTimes),
    ...optional('summary', summary),
    ...optional('stacks', stacksOf(draft, text, warnings)),
    ...optional('callLimit', draft.callLimit),
    detachOnExecve: draft.detachOnExecve,
    follow: draft.follows > 0,
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
    seccomp,
    killOnExit: draft.killOnExit,
    ...optional('daemonize', daemonizeOf(draft)),
    interruptible: draft.interruptible ?? (draft.output !== undefined && command.length > 0 ? 3 : 2),
    warnings,
  }
}

function daemonizeOf({ detachment, daemonLetters }: Draft): Detachment | undefined {
  const most = DETACHMENTS.length
  if (daemonLetters > most)
    throw usageFault(`Too many -D's (${daemonLetters}), maximum supported -D count is ${most}`)
  return detachment ?? DETACHMENTS[daemonLetters - 1]?.[0]
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value })
}

function resolve(path: string): string | undefined {
  if (path === '') return undefined
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** -q is implied if the trace does not go to the terminal and a command was given. */
function quietOf(draft: Draft, command: readonly string[]): readonly Quiet[] {
  if (draft.quiet) return draft.quiet
  const quiets = draft.quiets === 0 && draft.output !== undefined && command.length > 0 ? 1 : draft.quiets
  if (quiets > 2) return QUIET
  return (['attach', 'personality', 'exit'] as const).slice(0, quiets === 0 ? 0 : quiets + 1)
}

/** Options of the lines of text, which a summary alone does not have, in strace's order. */
const OF_LINES: readonly (readonly [name: string, isGiven: (draft: Draft) => boolean])[] = [
  ['-i/--instruction-pointer', draft => draft.instructionPointer],
  ['-k/--stack-traces', draft => draft.stacks],
  ['-n/--syscall-number', draft => draft.number],
  ['-r/--relative-timestamps', draft => draft.relative !== undefined],
  ['-t/--absolute-timestamps', draft => draft.times > 0 || draft.timestamps !== undefined],
  ['-T/--syscall-times', draft => draft.callTimes !== undefined],
  ['-y/--decode-fds', draft => draft.descriptorLetters > 0 || !!draft.descriptors?.length],
]

/** Warnings about options that the others make useless. */
function withoutEffect(draft: Draft): readonly string[] {
  if (draft.summary === undefined)
    return draft.sortBy === undefined ? [] : [`-S/--summary-sort-by has no effect without ${SUMMARY}`]
  if (draft.summary !== 'only') return []
  return OF_LINES.filter(([, isGiven]) => isGiven(draft)).map(
    ([name]) => `${name} has no effect with -c/--summary-only`,
  )
}

/** Warns if a filter was asked for but has no effect. */
function seccompOf(draft: Draft, command: readonly string[], warnings: string[]): boolean {
  if (!draft.seccomp) return false
  if (draft.detachOnExecve) {
    warnings.push('--seccomp-bpf is not enabled because it is not compatible with -b')
    return false
  }
  if (draft.pids.length > 0) warnings.push('--seccomp-bpf is not enabled for processes attached with -p')
  if (draft.follows === 0) {
    warnings.push('--seccomp-bpf cannot be used without -f/--follow-forks, disabling')
    return false
  }
  if (isFull(draft.trace))
    warnings.push(
      'Seccomp filter is requested but there are no syscalls to filter.  See -e trace to filter syscalls.',
    )
  if (draft.callLimit !== undefined) {
    warnings.push('--seccomp-bpf cannot be used with --syscall-limit, disabling')
    return false
  }
  return command.length > 0
}

/** Warns if stacks were asked for but have no effect. */
function stacksOf(draft: Draft, text: boolean, warnings: string[]): StackOptions | undefined {
  if (!draft.stacks) return undefined
  if (text || draft.json) return { frameLimit: draft.frameLimit }
  if (draft.summary !== 'only')
    warnings.push('-k/--stack-traces has no effect with --perfetto, --tree or --stats alone')
  return undefined
}

function summaryOf(draft: Draft): SummaryOptions | undefined {
  if (draft.summary === undefined) return undefined
  const { summary, wallClock, overheadUs, sortBy = 'time', summaryColumns: columns = DEFAULT_COLUMNS } = draft
  return { withText: summary === 'also', wallClock, overheadUs, sortBy, columns }
}

const HEX_LETTERS = ['none', 'non-ascii', 'all'] as const

function spellingOf(draft: Draft): Spelling {
  const { abbrev, verbose, raw, stringLimit, constants, names, comm, pidns, dumpRead, dumpWrite } = draft
  const stringsInHex = draft.hex ?? HEX_LETTERS[Math.min(draft.hexes, 2)] ?? 'none'
  const byLetters = [[], ['path'], DESCRIPTOR_DETAILS] as const
  const descriptors = draft.descriptors ?? byLetters[Math.min(draft.descriptorLetters, 2)] ?? []
  return {
    abbrev,
    verbose,
    raw,
    stringLimit,
    stringsInHex,
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
    draft.output !== undefined && (draft.follows > 0 || draft.pids.length > 1 || draft.alwaysPid)
  const always = draft.alwaysPid ? 'brackets-always' : 'brackets'
  return {
    pid: separate ? 'never' : isShared ? 'shared' : draft.output === undefined ? always : 'never',
    ...(time && time.format !== 'none' ? { time: { format: time.format, precision: time.precision } } : {}),
    ...optional('relative', draft.relative),
    number: draft.number,
    instructionPointer: draft.instructionPointer,
  } satisfies TraceSettings['prefix']
}
