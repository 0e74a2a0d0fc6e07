/**
 * What is said about the options once all are known: which exclude each other, and which have no
 * effect beside the others. The order is strace's, because its first error ends the command and
 * every message before it is printed.
 */
import { realpathSync } from 'node:fs'
import { quote } from '../../decode/text.ts'
import { fault, usageFault } from '../../strace/fault.ts'
import { isFull } from '../../strace/select/call-set.ts'
import { DETACHMENTS, type Draft } from './draft.ts'

type Check = (draft: Draft, command: readonly string[]) => void
type Broken = (draft: Draft, command: readonly string[]) => boolean

const SUMMARY = '(-c/--summary-only or -C/--summary)'

/** The message points to the help. */
const usage =
  (message: string, broken: Broken): Check =>
  (draft, command) => {
    if (broken(draft, command)) throw usageFault(message)
  }

const refused =
  (message: string, broken: Broken): Check =>
  (draft, command) => {
    if (broken(draft, command)) throw fault(message)
  }

const warned =
  (message: string, given: Broken): Check =>
  (draft, command) => {
    if (given(draft, command)) draft.warn(message)
  }

const together = (one: string, other: string, broken: Broken): Check =>
  refused(`${one} and ${other} cannot be provided simultaneously`, broken)

export const isFollowing = ({ followLetters, followForks, followOld }: Draft): boolean =>
  followLetters > 0 || followForks || followOld

/** If there is a file to write to. */
export const isSeparate = ({ separate, followLetters }: Draft): boolean => separate || followLetters > 1

const isPipe = ({ output }: Draft): boolean => /^[|!]/.test(output ?? '')
const isDaemon = ({ daemonLetters, detachment }: Draft): boolean =>
  daemonLetters > 0 || detachment !== undefined
const isBoxed = ({ here, binds }: Draft): boolean => here || binds.length > 0

/** What has no meaning for a program in a kernel of its own. */
const NOT_IN_KERNEL: readonly (readonly [why: string, isGiven: (draft: Draft) => boolean])[] = [
  ['-p/--attach traces a process of the host', d => d.pids.length > 0],
  ['-D/--daemonize makes the command a child of its caller', isDaemon],
  ['-u/--user changes to a user of the host', d => d.user !== undefined],
  ['--argv0 is for programs of the host', d => d.argv0 !== undefined],
  [
    '-I/--interruptible lets the command outlive ^C, which ends the kernel',
    d => d.interruptible !== undefined,
  ],
]

/** Options of the lines of text, which a summary alone does not have. */
const OF_LINES: readonly (readonly [name: string, isGiven: (draft: Draft) => boolean])[] = [
  ['-i/--instruction-pointer', d => d.instructionPointer],
  ['-k/--stack-traces', d => d.stacks],
  ['-n/--syscall-number', d => d.number],
  ['-r/--relative-timestamps', d => d.relative !== undefined],
  ['-t/--absolute-timestamps', d => d.times > 0 || d.timestamps !== undefined],
  ['-T/--syscall-times', d => d.callTimes !== undefined],
  ['-y/--decode-fds', d => d.descriptorLetters > 0 || !!d.descriptors?.length],
]

/** A filter was asked for, but cannot be used. */
const unfiltered =
  (message: string, given: Broken): Check =>
  (draft, command) => {
    if (!draft.seccomp || !given(draft, command)) return
    draft.warn(message)
    draft.seccomp = false
  }

const CHECKS: readonly Check[] = [
  usage('must have PROG [ARGS] or -p PID', (d, command) => command.length === 0 && d.pids.length === 0),
  together('-D', '--daemonize', d => d.daemonLetters > 0 && d.detachment !== undefined),
  usage(
    'PROG [ARGS] must be specified with -D/--daemonize',
    (d, command) => command.length === 0 && isDaemon(d),
  ),
  tooManyDs,
  usage(
    'PROG [ARGS] must be specified with --argv0',
    (d, command) => command.length === 0 && d.argv0 !== undefined,
  ),
  together('-t', '--absolute-timestamps', d => d.times > 0 && d.timestamps !== undefined),
  together('-x', '--strings-in-hex', d => d.hexes > 0 && d.hex !== undefined),
  together('-y', '--decode-fds', d => d.descriptorLetters > 0 && d.descriptors !== undefined),
  unfiltered('--seccomp-bpf is not enabled because it is not compatible with -b', d => d.detachOnExecve),
  together('-f', '--follow-forks', d => d.followLetters > 0 && d.followForks),
  together('-ff', '--output-separately', d => d.followLetters > 1 && d.separate),
  warned(
    '--seccomp-bpf is not enabled for processes attached with -p',
    (d, command) => d.seccomp && d.pids.length > 0 && command.length === 0,
  ),
  // -F does not count here.
  unfiltered(
    '--seccomp-bpf cannot be used without -f/--follow-forks, disabling',
    d => d.followLetters === 0 && !d.followForks,
  ),
  unfiltered('--seccomp-bpf cannot be used with --syscall-limit, disabling', d => d.callLimit !== undefined),
  followedAsBefore,
  usage(
    `${SUMMARY} and -ff/--output-separately are mutually exclusive`,
    d => d.summary !== undefined && isSeparate(d),
  ),
  usage(`-w/--summary-wall-clock must be given with ${SUMMARY}`, d => d.wallClock && d.summary === undefined),
  usage(
    `-U/--summary-columns must be given with ${SUMMARY}`,
    d => d.summaryColumns !== undefined && d.summary === undefined,
  ),
  usage('--kill-on-exit and -p/--attach are mutually exclusive', d => d.killOnExit && d.pids.length > 0),
  usage('--json and -ff/--output-separately are mutually exclusive', d => d.json && isSeparate(d)),
  usage(`--json and ${SUMMARY} are mutually exclusive`, d => d.json && d.summary !== undefined),
  usage('--here and --bind must be given with --runner', d => isBoxed(d) && d.runner === undefined),
  ...NOT_IN_KERNEL.map(([message, isGiven]) =>
    refused(
      `${message}, so it cannot be used with --runner kernel`,
      d => d.runner !== undefined && isGiven(d),
    ),
  ),
  warned(
    `-S/--summary-sort-by has no effect without ${SUMMARY}`,
    d => d.sortBy !== undefined && d.summary === undefined,
  ),
  ...OF_LINES.map(([name, isGiven]) =>
    warned(`${name} has no effect with -c/--summary-only`, d => d.summary === 'only' && isGiven(d)),
  ),
  warned(
    '--output-separately has no effect without -o/--output',
    d => d.separate && d.output === undefined && !isFollowing(d),
  ),
  warned(
    '-A/--output-append-mode has no effect without -o/--output',
    d => d.append && d.output === undefined,
  ),
  warned(
    'Only the last of -z/--successful-only/-Z/--failed-only options will take effect. See status qualifier for more complex filters.',
    d => d.statusLetters > 1,
  ),
  resolvePaths,
  warned(
    'Seccomp filter is requested but there are no syscalls to filter.  See -e trace to filter syscalls.',
    d => d.seccomp && isFull(d.trace),
  ),
  usage(
    'piping the output and -ff/--output-separately are mutually exclusive',
    d => isPipe(d) && isSeparate(d),
  ),
  together('-q', '-e quiet/--quiet', d => d.quiets > 0 && d.quiet !== undefined),
]

function tooManyDs({ daemonLetters }: Draft): void {
  const most = DETACHMENTS.length
  if (daemonLetters > most)
    throw usageFault(`Too many -D's (${daemonLetters}), maximum supported -D count is ${most}`)
}

function followedAsBefore(draft: Draft): void {
  if (!draft.followOld) return
  draft.warn(
    draft.followLetters > 0 || draft.followForks
      ? 'deprecated option -F ignored'
      : 'option -F is deprecated, please use -f/--follow-forks instead',
  )
}

/** Adds to the paths of -P what they lead to. */
function resolvePaths(draft: Draft): void {
  const shown = (path: string): string => quote(Buffer.from(path), false, draft.stringsInHex)
  draft.paths = draft.paths.flatMap(path => {
    const resolved = resolve(path)
    if (resolved === undefined || resolved === path) return [path]
    if (!draft.quiet?.includes('path-resolution'))
      draft.warn(`Requested path ${shown(path)} resolved into ${shown(resolved)}`)
    return [path, resolved]
  })
}

function resolve(path: string): string | undefined {
  if (path === '') return undefined
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** Prints nothing: warnings go to the draft. Throws the first error, in strace's words. */
export function check(draft: Draft, command: readonly string[]): void {
  for (const each of CHECKS) each(draft, command)
}
