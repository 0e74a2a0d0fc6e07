/**
 * The command line of `glassbox strace`, by the rules of getopt_long with strace's letters: letters may be bundled, an option's value
 * may follow at once, and the first word that is no option begins the command.
 */
import { parseInjection } from '../strace/inject.ts'
import { ALL_STATUS, type Quiet, type StraceOptions } from '../strace/options.ts'
import { EVERY_CALL, NO_CALL, parseCallSet, parseSignalSet, parseWords } from '../strace/set.ts'
import { COLUMN_NAMES, DEFAULT_COLUMNS, SORT_NAMES } from '../strace/summary.ts'
import { UsageError } from '../strace/usage-error.ts'

type Draft = { -readonly [key in keyof StraceOptions]: StraceOptions[key] }
type Apply = (draft: Draft, value: string) => void

const QUIET: readonly Quiet[] = ['attach', 'exit', 'path-resolution', 'personality', 'thread-execve']

function number(value: string, option: string, largest = 2 ** 31 - 1): number {
  if (!/^\d+$/.test(value) || Number(value) > largest)
    throw new UsageError(`invalid ${option} argument: '${value}'`, true)
  return Number(value)
}

const PRECISIONS: Readonly<Record<string, number>> = { s: 0, ms: 3, us: 6, ns: 9 }

function timestamps(draft: Draft, value: string): void {
  const words = value === '' ? ['time'] : value.split(/[:,]/)
  for (const word of words) {
    const unit = PRECISIONS[word]
    if (unit !== undefined) draft.precision = unit
    else if (word === 'none' || word === 'time' || word === 'unix') draft.time = word
    else throw new UsageError(`invalid --timestamps argument: '${value}'`, true)
  }
}

function pids(draft: Draft, value: string): void {
  for (const word of value.split(/[,\s]+/).filter(Boolean)) {
    const pid = Number(word)
    if (!Number.isSafeInteger(pid) || pid <= 0) throw new UsageError(`Invalid process id: '${word}'`, true)
    draft.pids = [...draft.pids, pid]
  }
}

const EXPRESSIONS: Readonly<Record<string, Apply>> = {
  trace: (draft, value) => {
    draft.trace = parseCallSet(value)
  },
  signal: (draft, value) => {
    draft.signals = parseSignalSet(value)
  },
  status: (draft, value) => {
    draft.status = parseWords(value, ALL_STATUS, 'status')
  },
  quiet: (draft, value) => {
    draft.quiet = parseWords(value, QUIET, 'quiet value')
  },
  inject: (draft, value) => {
    draft.injections = [...draft.injections, parseInjection(value, false)]
  },
  fault: (draft, value) => {
    draft.injections = [...draft.injections, parseInjection(value, true)]
  },
  abbrev: (draft, value) => {
    const shortened = parseCallSet(value)
    draft.full = shortened.all ? NO_CALL : parseCallSet(value.startsWith('!') ? value.slice(1) : `!${value}`)
  },
  verbose: (draft, value) => {
    const shown = parseCallSet(value)
    draft.addressesOnly = shown.all
      ? NO_CALL
      : parseCallSet(value.startsWith('!') ? value.slice(1) : `!${value}`)
  },
  raw: (draft, value) => {
    draft.raw = parseCallSet(value)
  },
  'decode-fds': decodeFds,
  'decode-pids': decodePids,
}
const ALIASES: Readonly<Record<string, string>> = {
  ...{ t: 'trace', signals: 'signal', s: 'signal', q: 'quiet', silent: 'quiet', silence: 'quiet' },
  ...{ a: 'abbrev', v: 'verbose', x: 'raw', 'decode-fd': 'decode-fds', 'decode-pid': 'decode-pids' },
}

function decodeFds(draft: Draft, value: string): void {
  const words = value.split(',')
  if (
    words.some(
      word => !['all', 'none', 'path', 'socket', 'dev', 'eventfd', 'pidfd', 'signalfd'].includes(word),
    )
  )
    throw new UsageError(`invalid decode-fds argument '${value}'`, true)
  draft.descriptors = value === 'none' ? 'none' : value === 'path' ? 'paths' : 'all'
}

function decodePids(draft: Draft, value: string): void {
  if (value !== 'comm' && value !== 'all' && value !== 'none')
    throw new UsageError(`invalid decode-pids argument '${value}'`, true)
  draft.commands = value !== 'none'
}

/** -e: a qualifier and its value; without a qualifier it is about calls. */
function expression(draft: Draft, value: string): void {
  const [, key = '', rest = ''] = /^([a-z-]+)=(.*)$/s.exec(value) ?? []
  const qualifier = EXPRESSIONS[ALIASES[key] ?? key]
  if (key !== '' && !qualifier) throw new UsageError(`-e ${key}= is not supported by glassbox strace`)
  if (qualifier) qualifier(draft, rest)
  else draft.trace = parseCallSet(value)
}

interface Option {
  readonly letter?: string
  readonly long?: string
  /** Whether it takes a value; an optional one only after `=`. */
  readonly value: 'none' | 'needed' | 'optional'
  readonly help: string
  readonly apply: Apply
}

const set =
  <K extends keyof Draft>(key: K, value: Draft[K]): Apply =>
  draft => {
    draft[key] = value
  }

/** How often -f, -t, -q, -x and -y were given decides what they mean. */
const counters = new WeakMap<Draft, Map<string, number>>()
function count(draft: Draft, letter: string): number {
  const counts = counters.get(draft) ?? new Map<string, number>()
  counters.set(draft, counts)
  const next = (counts.get(letter) ?? 0) + 1
  counts.set(letter, next)
  return next
}

function quiet(draft: Draft, times: number): void {
  const words: readonly Quiet[] =
    times === 1 ? ['attach', 'personality'] : times === 2 ? ['attach', 'personality', 'exit'] : QUIET
  draft.quiet = new Set(words)
}

const OPTIONS: readonly Option[] = [
  {
    letter: 'f',
    long: 'follow-forks',
    value: 'none',
    help: 'follow forks; twice: with a file each',
    apply: draft => {
      draft.follow = true
      if (count(draft, 'f') > 1) draft.separately = true
    },
  },
  {
    long: 'output-separately',
    value: 'none',
    help: 'a file for each thread',
    apply: set('separately', true),
  },
  {
    letter: 'o',
    long: 'output',
    value: 'needed',
    help: "write to FILE, or to a command: '|cmd'",
    apply: (draft, value) => {
      draft.output = value
    },
  },
  {
    letter: 'A',
    long: 'output-append-mode',
    value: 'none',
    help: 'append to the file',
    apply: set('append', true),
  },
  { letter: 'p', long: 'attach', value: 'needed', help: 'attach to processes', apply: pids },
  {
    letter: 'e',
    value: 'needed',
    help: 'trace=, status=, signal=, inject=, fault=, abbrev=, verbose=, raw=, quiet=',
    apply: expression,
  },
  { long: 'trace', value: 'needed', help: 'calls to trace', apply: EXPRESSIONS['trace'] as Apply },
  { long: 'signal', value: 'needed', help: 'signals to show', apply: EXPRESSIONS['signal'] as Apply },
  { long: 'status', value: 'needed', help: 'calls that ended so', apply: EXPRESSIONS['status'] as Apply },
  { long: 'inject', value: 'needed', help: 'tamper with calls', apply: EXPRESSIONS['inject'] as Apply },
  { long: 'fault', value: 'needed', help: 'fail calls', apply: EXPRESSIONS['fault'] as Apply },
  {
    long: 'abbrev',
    value: 'needed',
    help: 'calls whose structs are cut short',
    apply: EXPRESSIONS['abbrev'] as Apply,
  },
  {
    long: 'verbose',
    value: 'needed',
    help: 'calls whose structs are shown',
    apply: EXPRESSIONS['verbose'] as Apply,
  },
  {
    long: 'raw',
    value: 'needed',
    help: 'calls whose arguments are shown in hexadecimal',
    apply: EXPRESSIONS['raw'] as Apply,
  },
  {
    letter: 'q',
    long: 'quiet',
    value: 'optional',
    help: 'fewer messages',
    apply: (draft, value) =>
      value === '' ? quiet(draft, count(draft, 'q')) : EXPRESSIONS['quiet']?.(draft, value),
  },
  {
    letter: 'P',
    long: 'trace-path',
    value: 'needed',
    help: 'only calls that concern PATH',
    apply: (draft, value) => {
      draft.paths = [...draft.paths, value]
    },
  },
  {
    letter: 'z',
    long: 'successful-only',
    value: 'none',
    help: 'only calls that succeeded',
    apply: set('status', new Set(['successful'])),
  },
  {
    letter: 'Z',
    long: 'failed-only',
    value: 'none',
    help: 'only calls that failed',
    apply: set('status', new Set(['failed'])),
  },
  {
    letter: 'y',
    long: 'decode-fds',
    value: 'optional',
    help: 'paths of descriptors; twice: all that is known of them',
    apply: (draft, value) => {
      if (value !== '') decodeFds(draft, value)
      else draft.descriptors = count(draft, 'y') > 1 ? 'all' : 'paths'
    },
  },
  {
    letter: 'Y',
    long: 'decode-pids',
    value: 'optional',
    help: 'names of processes',
    apply: (draft, value) => decodePids(draft, value === '' ? 'comm' : value),
  },
  {
    letter: 't',
    value: 'none',
    help: 'time of day; twice: with microseconds; three times: seconds since 1970',
    apply: draft => {
      const times = count(draft, 't')
      draft.time = times > 2 ? 'unix' : 'time'
      draft.precision = times > 1 ? 6 : 0
    },
  },
  {
    long: 'timestamps',
    value: 'optional',
    help: 'none, time or unix, with s, ms, us or ns',
    apply: timestamps,
  },
  {
    letter: 'r',
    long: 'relative-timestamps',
    value: 'none',
    help: 'time since the line before',
    apply: set('relative', true),
  },
  {
    letter: 'T',
    long: 'syscall-times',
    value: 'none',
    help: 'time spent in calls',
    apply: set('durations', true),
  },
  {
    letter: 's',
    long: 'string-limit',
    value: 'needed',
    help: 'bytes of strings that are shown [32]',
    apply: (draft, value) => {
      draft.text = { ...draft.text, stringLimit: number(value, '-s') }
    },
  },
  { letter: 'v', long: 'no-abbrev', value: 'none', help: 'structs in full', apply: set('full', EVERY_CALL) },
  {
    letter: 'x',
    value: 'none',
    help: 'non-ASCII strings in hexadecimal; twice: all',
    apply: draft => {
      draft.text = { ...draft.text, stringsInHex: count(draft, 'x') > 1 ? 'all' : 'non-ascii' }
    },
  },
  {
    long: 'strings-in-hex',
    value: 'optional',
    help: 'none, non-ascii-chars, non-ascii or all',
    apply: (draft, value) => {
      const style = (value === '' ? 'all' : value) as 'none' | 'non-ascii-chars' | 'non-ascii' | 'all'
      if (!['none', 'non-ascii-chars', 'non-ascii', 'all'].includes(style))
        throw new UsageError(`invalid --strings-in-hex argument: '${value}'`, true)
      draft.text = { ...draft.text, stringsInHex: style }
    },
  },
  {
    letter: 'X',
    long: 'const-print-style',
    value: 'needed',
    help: 'constants: raw, abbrev or verbose',
    apply: (draft, value) => {
      if (value !== 'raw' && value !== 'abbrev' && value !== 'verbose')
        throw new UsageError(`invalid -X argument: '${value}'`, true)
      draft.text = { ...draft.text, spelling: value }
    },
  },
  {
    letter: 'a',
    long: 'columns',
    value: 'needed',
    help: 'column of results [40]',
    apply: (draft, value) => {
      draft.column = number(value, '-a')
    },
  },
  {
    letter: 'c',
    long: 'summary-only',
    value: 'none',
    help: 'count calls, errors and time',
    apply: set('summary', 'only'),
  },
  {
    letter: 'C',
    long: 'summary',
    value: 'none',
    help: 'the same, and print calls',
    apply: set('summary', 'too'),
  },
  {
    letter: 'w',
    long: 'summary-wall-clock',
    value: 'none',
    help: 'count time as it passes',
    apply: set('summaryWall', true),
  },
  {
    letter: 'S',
    long: 'summary-sort-by',
    value: 'needed',
    help: 'order of the summary',
    apply: (draft, value) => {
      const name = SUMMARY_ALIASES[value] ?? value
      if (!SORT_NAMES.includes(name)) throw new UsageError(`invalid sortby: '${value}'`, true)
      draft.summarySort = name
    },
  },
  {
    letter: 'U',
    long: 'summary-columns',
    value: 'needed',
    help: 'columns of the summary',
    apply: (draft, value) => {
      const names = value.split(',').map(word => SUMMARY_ALIASES[word] ?? word)
      const bad = names.find(name => !COLUMN_NAMES.includes(name))
      if (bad !== undefined) throw new UsageError(`unknown column name: '${bad}'`, true)
      draft.summaryColumns = names.includes('name') ? names : [...names, 'name']
    },
  },
  {
    letter: 'n',
    long: 'syscall-number',
    value: 'none',
    help: 'numbers of calls',
    apply: set('numbers', true),
  },
  {
    letter: 'N',
    long: 'arg-names',
    value: 'none',
    help: 'names of arguments',
    apply: draft => {
      draft.text = { ...draft.text, names: true }
    },
  },
  {
    letter: 'i',
    long: 'instruction-pointer',
    value: 'none',
    help: 'instruction pointer',
    apply: set('instructionPointer', true),
  },
  {
    letter: 'E',
    long: 'env',
    value: 'needed',
    help: 'VAR=VALUE, or VAR to leave it out',
    apply: (draft, value) => {
      const [name = '', text] = value.split(/=(.*)/s)
      draft.env = [...draft.env, [name, text]]
    },
  },
  {
    letter: 'u',
    long: 'user',
    value: 'needed',
    help: 'run as this user',
    apply: (draft, value) => {
      draft.user = value
    },
  },
  {
    long: 'argv0',
    value: 'needed',
    help: 'argv[0] of the command',
    apply: (draft, value) => {
      draft.argv0 = value
    },
  },
  {
    letter: 'b',
    long: 'detach-on',
    value: 'needed',
    help: 'let go at execve',
    apply: (draft, value) => {
      if (value !== 'execve') throw new UsageError(`Syscall '${value}' for -b isn't supported`)
      draft.detachOnExec = true
    },
  },
  { long: 'always-show-pid', value: 'none', help: 'the pid on each line', apply: set('alwaysPid', true) },
  {
    long: 'seccomp-bpf',
    value: 'none',
    help: 'calls that are not traced never stop',
    apply: set('seccomp', true),
  },
  {
    long: 'kill-on-exit',
    value: 'none',
    help: 'the traced end with the tracer',
    apply: set('killOnExit', true),
  },
  {
    long: 'syscall-limit',
    value: 'needed',
    help: 'let go after so many calls',
    apply: (draft, value) => {
      draft.syscallLimit = number(value, '--syscall-limit')
    },
  },
  { long: 'json', value: 'none', help: 'one JSON object a line', apply: set('json', true) },
  {
    long: 'perfetto',
    value: 'needed',
    help: 'write a timeline to FILE',
    apply: (draft, value) => {
      draft.perfetto = value
    },
  },
]

const SUMMARY_ALIASES: Readonly<Record<string, string>> = {
  ...{ time: 'total-time', time_total: 'total-time', total_time: 'total-time', nothing: 'none' },
  ...{
    time_percent: 'time-percent',
    'time-total': 'total-time',
    count: 'calls',
    error: 'errors',
    syscall: 'name',
    'syscall-name': 'name',
  },
  ...{
    'time-avg': 'avg-time',
    time_avg: 'avg-time',
    avg_time: 'avg-time',
    'time-min': 'min-time',
    shortest: 'min-time',
    'time-max': 'max-time',
    longest: 'max-time',
  },
}

const BY_LETTER = new Map(
  OPTIONS.flatMap(option => (option.letter === undefined ? [] : [[option.letter, option]])),
)
const BY_LONG = new Map(OPTIONS.flatMap(option => (option.long === undefined ? [] : [[option.long, option]])))

function defaults(): Draft {
  return {
    ...{ command: [], pids: [], env: [], follow: false, separately: false, append: false, trace: EVERY_CALL },
    ...{
      signals: () => true,
      status: new Set(ALL_STATUS),
      paths: [],
      injections: [],
      quiet: new Set<Quiet>(),
      text: {},
    },
    ...{ full: NO_CALL, addressesOnly: NO_CALL, raw: NO_CALL, descriptors: 'none' as const, commands: false },
    ...{ time: 'none' as const, precision: 0, relative: false, durations: false, column: 40, numbers: false },
    ...{
      instructionPointer: false,
      alwaysPid: false,
      summary: 'none' as const,
      summaryWall: false,
      summarySort: 'total-time',
    },
    ...{
      summaryColumns: DEFAULT_COLUMNS,
      seccomp: false,
      killOnExit: false,
      syscallLimit: -1,
      detachOnExec: false,
    },
    ...{ json: false, tree: false, stats: false },
  }
}

/** Takes the option at `words[at]`; returns how many words it used. */
function takeLong(draft: Draft, words: readonly string[], at: number): number {
  const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(words[at] ?? '') ?? []
  const option = BY_LONG.get(name)
  if (!option) throw new UsageError(`unrecognized option '--${name}'`, true)
  if (option.value === 'none' && value !== undefined)
    throw new UsageError(`option '--${name}' doesn't allow an argument`, true)
  if (option.value !== 'needed' || value !== undefined) {
    option.apply(draft, value ?? '')
    return 1
  }
  const next = words[at + 1]
  if (next === undefined) throw new UsageError(`option '--${name}' requires an argument`, true)
  option.apply(draft, next)
  return 2
}

function takeLetters(draft: Draft, words: readonly string[], at: number): number {
  const letters = (words[at] ?? '').slice(1)
  for (let index = 0; index < letters.length; index++) {
    const letter = letters[index] ?? ''
    const option = BY_LETTER.get(letter)
    if (!option) throw new UsageError(`invalid option -- '${letter}'`, true)
    if (option.value !== 'needed') {
      option.apply(draft, '')
      continue
    }
    const rest = letters.slice(index + 1)
    const value = rest === '' ? words[at + 1] : rest
    if (value === undefined) throw new UsageError(`option requires an argument -- '${letter}'`, true)
    option.apply(draft, value)
    return rest === '' ? 2 : 1
  }
  return 1
}

/** Throws UsageError, in strace's words where it has some. */
export function parseStraceOptions(words: readonly string[]): StraceOptions {
  const draft = defaults()
  let at = 0
  for (let word = words[at]; word !== undefined && word.startsWith('-') && word !== '-'; word = words[at]) {
    if (word === '--') {
      at++
      break
    }
    at += word.startsWith('--') ? takeLong(draft, words, at) : takeLetters(draft, words, at)
  }
  draft.command = words.slice(at)
  check(draft)
  // With a file and a command, who wants to hear of threads looks into the file.
  if (
    draft.output !== undefined &&
    draft.command.length > 0 &&
    !counters.get(draft)?.has('q') &&
    draft.quiet.size === 0
  )
    quiet(draft, 1)
  return draft
}

function check(draft: Draft): void {
  if (draft.command.length === 0 && draft.pids.length === 0)
    throw new UsageError('must have PROG [ARGS] or -p PID', true)
  if (draft.separately && draft.output === undefined) draft.separately = false
  if (draft.separately && draft.summary !== 'none')
    throw new UsageError('(-c or -C) and -ff are mutually exclusive', true)
  if (draft.summary === 'none' && draft.summaryWall)
    throw new UsageError('-w must be given with (-c or -C)', true)
  if (draft.separately && /^[|!]/.test(draft.output ?? ''))
    throw new UsageError('piping the output and -ff are mutually exclusive', true)
  if (draft.killOnExit && draft.pids.length > 0)
    throw new UsageError('--kill-on-exit and -p are mutually exclusive', true)
}

/** The help, as wide as the terminal. */
export function straceHelp(): string {
  const rows = OPTIONS.map(({ letter, long, value, help }) => {
    const argument = value === 'none' ? '' : value === 'needed' ? ' VALUE' : '[=VALUE]'
    const names = [letter === undefined ? '   ' : `-${letter}`, long === undefined ? '' : `--${long}`]
      .filter(Boolean)
      .join(', ')
      .replace('   , ', '    ')
    return `  ${`${names}${argument}`.padEnd(34)} ${help}`
  })
  return `Usage: glassbox strace [OPTIONS] [--] PROGRAM [ARGS]\n       glassbox strace [OPTIONS] -p PID\n\nPrints the system calls of a program and its signals, as strace(1) does.\n\n${rows.join('\n')}\n  -h, --help                         this\n  -V, --version                      the version\n`
}
