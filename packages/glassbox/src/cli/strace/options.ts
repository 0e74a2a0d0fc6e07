/**
 * The options of `glassbox strace`: strace's letters and long names, what each means, and which
 * exclude each other. It only turns the command line into a value; nothing is opened or started
 * here. Errors are worded as strace words them.
 */
import { GlassboxError } from '../../errors.ts'
import { fault, usageFault } from '../../strace/fault.ts'
import type { StraceOptions } from '../../strace/options.ts'
import {
  eachOption,
  type GetoptSpec,
  type LongOption,
  type ParsedOption,
  type Takes,
} from '../../options/getopt.ts'
import { parseBind } from '../run/paths.ts'
import { complete } from './complete.ts'
import { Draft } from './draft.ts'
import { qualify } from './qualify.ts'
import { unsignedOf } from '../../strace/numbers.ts'
import { number, precision, timestamps } from './values.ts'

interface Option {
  readonly letter?: string
  /** Long names; the first one is shown. */
  readonly names?: readonly string[]
  /** strace has no such option: it takes no abbreviation away from those that strace has. */
  readonly isOurs?: true
  /** strace 6.1 has no such option: an abbreviation means it only if it means no older one. */
  readonly isNewer?: true
  readonly takes?: Takes
  /**
   * `value` is the empty string for an option without a value, and undefined for an optional
   * value that was left out.
   */
  readonly apply: (draft: Draft, value: string | undefined, spelled: string) => void
}

/** Options that strace has and this command lacks, with the reason. */
const ABSENT: Readonly<Record<string, string>> = {
  kvm: '-e kvm/--kvm is not available',
  tips: '--tips is not available',
  secontext: 'SELinux context printing (--secontext option) is not supported by this build of strace',
}

const absent = (name: string): Option['apply'] => {
  return () => {
    throw fault(ABSENT[name] ?? `${name} is not available`)
  }
}

const qualifier = (name: string): Option => ({
  names: [name],
  takes: 'value',
  apply: (draft, value) => qualify(draft, `${name}=${value}`),
})

const text = (value: string | undefined): string => value ?? ''

/** In strace's order, in which names are listed that begin alike. */
const OPTIONS: readonly Option[] = [
  { letter: 'a', names: ['columns'], takes: 'value', apply: (d, v, as) => columns(d, v, as) },
  { letter: 'A', names: ['output-append-mode'], apply: d => void (d.append = true) },
  { letter: 'b', names: ['detach-on'], takes: 'value', apply: (d, v) => detachOn(d, text(v)) },
  { letter: 'c', names: ['summary-only'], apply: d => summary(d, 'only') },
  { letter: 'C', names: ['summary'], apply: d => summary(d, 'also') },
  // strace's debug output is about its own workings.
  { letter: 'd', names: ['debug'], apply: () => {} },
  { letter: 'D', apply: d => void d.daemonLetters++ },
  {
    names: ['daemonize', 'daemonised', 'daemonized'],
    takes: 'optional',
    apply: (d, v, as) => d.setDetachment(v ?? 'grandchild', as),
  },
  { letter: 'e', takes: 'value', apply: (d, v) => qualify(d, text(v)) },
  { letter: 'E', names: ['env'], takes: 'value', apply: (d, v) => environment(d, text(v)) },
  { letter: 'f', apply: d => void d.followLetters++ },
  { names: ['follow-forks'], apply: d => void (d.followForks = true) },
  { letter: 'F', apply: d => void (d.followOld = true) },
  { names: ['output-separately'], apply: d => void (d.separate = true) },
  { letter: 'h', names: ['help'], apply: d => void (d.show ??= 'help') },
  { letter: 'i', names: ['instruction-pointer'], apply: d => void (d.instructionPointer = true) },
  { letter: 'I', names: ['interruptible'], takes: 'value', apply: (d, v, as) => interruptible(d, v, as) },
  { letter: 'k', names: ['stack-traces'], apply: d => void (d.stacks = true) },
  { letter: 'n', names: ['syscall-number'], apply: d => void (d.number = true) },
  { letter: 'o', names: ['output'], takes: 'value', apply: (d, v) => void (d.output = text(v)) },
  {
    letter: 'O',
    names: ['summary-syscall-overhead'],
    takes: 'value',
    apply: (d, v, as) => d.overhead(text(v), as),
  },
  { letter: 'p', names: ['attach'], takes: 'value', apply: (d, v) => attach(d, text(v)) },
  { letter: 'P', names: ['trace-path'], takes: 'value', apply: (d, v) => void d.paths.push(text(v)) },
  { letter: 'q', apply: d => void d.quiets++ },
  { letter: 'r', apply: d => void (d.relative ??= 6) },
  {
    names: ['relative-timestamps'],
    takes: 'optional',
    apply: (d, v, as) => void (d.relative = precision(v, as)),
  },
  {
    letter: 's',
    names: ['string-limit'],
    takes: 'value',
    apply: (d, v, as) => void (d.stringLimit = number(v, as, 0, MOST_STRING)),
  },
  { letter: 'S', names: ['summary-sort-by'], takes: 'value', apply: (d, v) => d.setSortBy(text(v)) },
  { letter: 't', apply: d => void d.times++ },
  {
    names: ['absolute-timestamps', 'timestamps'],
    takes: 'optional',
    apply: (d, v, as) => void (d.timestamps = timestamps(v, as, d.timestamps)),
  },
  { letter: 'T', apply: d => void (d.callTimes ??= 6) },
  { names: ['syscall-times'], takes: 'optional', apply: (d, v, as) => void (d.callTimes = precision(v, as)) },
  { letter: 'u', names: ['user'], takes: 'value', apply: (d, v) => void (d.user = text(v)) },
  { letter: 'U', names: ['summary-columns'], takes: 'value', apply: (d, v) => d.setColumns(text(v)) },
  { letter: 'v', names: ['no-abbrev'], apply: d => qualify(d, 'abbrev=none') },
  { letter: 'V', names: ['version'], apply: d => void (d.show ??= 'version') },
  { letter: 'w', names: ['summary-wall-clock'], apply: d => void (d.wallClock = true) },
  { letter: 'x', apply: d => void d.hexes++ },
  { names: ['strings-in-hex'], takes: 'optional', apply: (d, v, as) => d.setHex(v ?? 'all', as) },
  {
    letter: 'X',
    names: ['const-print-style'],
    takes: 'value',
    apply: (d, v, as) => d.setConstants(text(v), as),
  },
  { letter: 'y', apply: d => void d.descriptorLetters++ },
  { letter: 'Y', apply: d => void (d.comm = true) },
  { names: ['pidns-translation'], apply: d => void (d.pidns = true) },
  { letter: 'z', names: ['successful-only'], apply: d => d.setStatusLetter(['successful']) },
  { letter: 'Z', names: ['failed-only', 'failing-only'], apply: d => d.setStatusLetter(['failed']) },
  { names: ['tips'], takes: 'optional', apply: absent('tips') },
  { names: ['seccomp-bpf'], apply: d => void (d.seccomp = true) },
  ...['trace', 'abbrev', 'verbose', 'raw', 'signals', 'status', 'read', 'write'].map(qualifier),
  ...['fault', 'inject'].map(qualifier),
  { names: ['kvm'], takes: 'value', apply: absent('kvm') },
  {
    names: ['quiet', 'silent', 'silence'],
    takes: 'optional',
    apply: (d, v) => d.setQuiet(v ?? 'attach,personality'),
  },
  { names: ['decode-fds'], takes: 'optional', apply: (d, v) => d.setDescriptors(v ?? 'path') },
  { names: ['decode-pids'], takes: 'value', apply: (d, v) => d.setProcesses(text(v)) },
  { names: ['secontext'], takes: 'optional', apply: absent('secontext') },
  { isNewer: true, names: ['stack-trace'], takes: 'optional', apply: (d, v, as) => stackTrace(d, v, as) },
  {
    isNewer: true,
    names: ['stack-trace-frame-limit'],
    takes: 'value',
    apply: (d, v, as) => void (d.frameLimit = number(v, as, 1)),
  },
  { letter: 'N', isNewer: true, names: ['arg-names', 'argument-names'], apply: d => void (d.names = true) },
  { ...qualifier('trace-fds'), isNewer: true },
  { isNewer: true, names: ['kill-on-exit'], apply: d => void (d.killOnExit = true) },
  {
    isNewer: true,
    names: ['syscall-limit'],
    takes: 'value',
    apply: (d, v, as) => void (d.callLimit = number(v, as, 1)),
  },
  { isNewer: true, names: ['always-show-pid'], apply: d => void (d.alwaysPid = true) },
  { isNewer: true, names: ['argv0'], takes: 'value', apply: (d, v) => void (d.argv0 = text(v)) },
  { names: ['json'], isOurs: true, apply: d => void (d.json = true) },
  { names: ['perfetto'], isOurs: true, takes: 'value', apply: (d, v) => void (d.perfetto = text(v)) },
  { names: ['tree'], isOurs: true, apply: d => void (d.tree = true) },
  { names: ['stats'], isOurs: true, apply: d => void (d.stats = true) },
  { names: ['runner'], isOurs: true, takes: 'value', apply: (d, v) => d.setRunner(text(v)) },
  { names: ['here'], isOurs: true, apply: d => void (d.here = true) },
  { names: ['bind'], isOurs: true, takes: 'value', apply: (d, v) => void d.binds.push(parseBind(text(v))) },
]

function columns(draft: Draft, value: string | undefined, spelled: string): void {
  draft.columns = number(value, spelled)
  // strace allocates the column's blanks at its start.
  if (draft.columns > MOST_COLUMNS) throw fault('Out of memory')
}

function stackTrace(draft: Draft, value: string | undefined, spelled: string): void {
  if (value === 'source')
    throw fault('--stack-trace=source is not available: use --stack-trace and addr2line(1)')
  if (value !== undefined && value !== 'symbol') throw usageFault(`invalid ${spelled} argument: '${value}'`)
  draft.stacks = true
}

function detachOn(draft: Draft, value: string): void {
  if (value !== 'execve') throw fault(`Syscall '${value}' for -b isn't supported`)
  draft.detachOnExecve = true
}

function summary(draft: Draft, which: 'only' | 'also'): void {
  if (draft.summary !== undefined && draft.summary !== which)
    throw usageFault('-c/--summary-only and -C/--summary are mutually exclusive')
  draft.summary = which
}

function environment(draft: Draft, value: string): void {
  const equals = value.indexOf('=')
  draft.env.push(equals < 0 ? [value, undefined] : [value.slice(0, equals), value.slice(equals + 1)])
}

/** The words of -I for 1 to 4. */
const INTERRUPTIBLE: readonly (readonly string[])[] = [
  ['anywhere', 'always'],
  ['waiting'],
  ['never'],
  ['never_tstp'],
]

function interruptible(draft: Draft, value: string | undefined, spelled: string): void {
  const word = INTERRUPTIBLE.find(words => words.includes(value?.toLowerCase() ?? ''))
  const which = word ? INTERRUPTIBLE.indexOf(word) + 1 : number(value, spelled, 1)
  if (which > INTERRUPTIBLE.length) throw usageFault(`invalid ${spelled} argument: '${value}'`)
  draft.interruptible = which as 1 | 2 | 3 | 4
}

/** One separator may follow the last id. */
function attach(draft: Draft, value: string): void {
  const words = value.replace(/[,\s]$/, '').split(/[,\s]/)
  for (const word of value === '' ? [] : words) {
    const pid = unsignedOf(word) ?? 0
    if (pid === 0) throw fault(`Invalid process id: '${word}'`)
    if (pid === process.pid) throw fault("I'm sorry, I can't let you do that, Dave.")
    draft.pids.push(pid)
  }
}

/** Longer runs of blanks than a string of JavaScript may have are of no use. */
const MOST_COLUMNS = 2 ** 24

/** What strace can spell as four characters each. */
const MOST_STRING = 2 ** 30 - 1

const LETTERS = new Map(OPTIONS.flatMap(option => (option.letter ? [[option.letter, option] as const] : [])))
const LONG: ReadonlyMap<string, Option> = new Map(
  OPTIONS.flatMap(option => (option.names ?? []).map(name => [name, option] as const)),
)

const SPEC: GetoptSpec = {
  letters: Object.fromEntries(
    [...LETTERS].map(([letter, { takes }]) => [letter, takes === 'value' ? takes : 'nothing'] as const),
  ),
  long: [...LONG].map(
    ([name, { takes = 'nothing', isOurs = false, isNewer = false, names = [] }]): LongOption => ({
      name,
      takes,
      exact: isOurs,
      newer: isNewer,
      meaning: names[0] ?? name,
    }),
  ),
  fail: usageFault,
}

function apply(draft: Draft, { name, value }: ParsedOption): void {
  const isLong = name.startsWith('--')
  const option = isLong ? LONG.get(name.slice(2)) : LETTERS.get(name)
  if (!option) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `getopt gave an unknown option: ${name}`)
  option.apply(draft, value, isLong ? name : `-${name}`)
}

/**
 * Throws a GlassboxError with strace's words. `warnings` receives what is to be printed before it.
 */
export function straceOptions(
  words: readonly string[],
  warnings: string[] = [],
): StraceOptions | 'help' | 'version' {
  const draft = new Draft(warnings)
  const command: string[] = []
  for (const option of eachOption(words, SPEC)) {
    if (typeof option === 'string') {
      command.push(option)
      continue
    }
    apply(draft, option)
    if (draft.show) return draft.show
  }
  return complete(draft, command)
}

/** All option names, for shell completion and for the documentation. */
export const OPTION_WORDS: readonly string[] = [
  ...[...LETTERS.keys()].map(letter => `-${letter}`),
  ...[...LONG.keys()].map(name => `--${name}`),
]
