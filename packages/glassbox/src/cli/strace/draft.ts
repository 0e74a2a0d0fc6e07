/**
 * What the options have said so far. It is filled in option by option, and completed after the
 * last one.
 */
import { fullSet, type CallSet } from '../../strace/select/call-set.ts'
import { usageFault } from '../../strace/fault.ts'
import type { Injection } from '../../strace/inject/inject.ts'
import { durationUs } from '../../strace/inject/grammar.ts'
import {
  DESCRIPTOR_DETAILS,
  type DescriptorDetail,
  type NumberSet,
  type Precision,
  QUIET,
  type Quiet,
  type Spelling,
  type Status,
  STATUSES,
} from '../../strace/options.ts'
import { ALL_NUMBERS, NO_NUMBERS, wordSet } from '../../strace/select/sets.ts'
import { columnNames, sortKey } from '../../strace/summary/columns.ts'
import type { Detachment } from '../../trace/source.ts'
import type { Bind } from '../../job/options.ts'
import type { Timestamps } from './values.ts'

const HEX = ['none', 'non-ascii-chars', 'non-ascii', 'all'] as const
/** What none, one and two of -x mean. */
const HEX_LETTERS = ['none', 'non-ascii', 'all'] as const
const CONSTANTS = ['raw', 'abbrev', 'verbose'] as const
/** Where the tracer runs with -D, -DD and -DDD, with all accepted words for each. */
export const DETACHMENTS: readonly (readonly [Detachment, ...string[]])[] = [
  ['grandchild'],
  ['pgroup', 'pgrp'],
  ['session'],
]
const QUIET_ALIASES: Readonly<Record<string, Quiet>> = {
  exits: 'exit',
  superseded: 'thread-execve',
}

export class Draft {
  show: 'help' | 'version' | undefined
  trace: CallSet = fullSet(true)
  abbrev: CallSet = fullSet(true)
  verbose: CallSet = fullSet(true)
  raw: CallSet = fullSet(false)
  signals: NumberSet = ALL_NUMBERS
  status: readonly Status[] = STATUSES
  /** How often -z and -Z were given. */
  statusLetters = 0
  /** About the options themselves, in the order in which they were found. */
  readonly warnings: string[]
  paths: string[] = []
  fds: NumberSet | undefined
  injections: Injection[] = []
  dumpRead: NumberSet = NO_NUMBERS
  dumpWrite: NumberSet = NO_NUMBERS
  stringLimit = 32
  hexes = 0
  hex: Spelling['stringsInHex'] | undefined
  constants: Spelling['constants'] = 'abbrev'
  names = false
  descriptorLetters = 0
  descriptors: readonly DescriptorDetail[] | undefined
  comm = false
  daemonLetters = 0
  detachment: Detachment | undefined
  pidns = false
  columns = 40
  number = false
  instructionPointer = false
  times = 0
  timestamps: Timestamps | undefined
  relative: Precision | undefined
  callTimes: Precision | undefined
  alwaysPid = false
  quiets = 0
  quiet: readonly Quiet[] | undefined
  summary: 'only' | 'also' | undefined
  wallClock = false
  overheadUs = 0
  sortBy: string | undefined
  summaryColumns: readonly string[] | undefined
  /** How often -f was given. */
  followLetters = 0
  /** --follow-forks */
  followForks = false
  /** -F */
  followOld = false
  separate = false
  output: string | undefined
  append = false
  detachOnExecve = false
  callLimit: number | undefined
  killOnExit = false
  seccomp = false
  interruptible: 1 | 2 | 3 | 4 | undefined
  env: (readonly [string, string | undefined])[] = []
  user: string | undefined
  argv0: string | undefined
  pids: number[] = []
  stacks = false
  frameLimit = 256
  json = false
  perfetto: string | undefined
  tree = false
  stats = false
  runner: 'kernel' | undefined
  here = false
  binds: Bind[] = []

  constructor(warnings: string[]) {
    this.warnings = warnings
  }

  warn(message: string): void {
    this.warnings.push(message)
  }

  get stringsInHex(): Spelling['stringsInHex'] {
    return this.hex ?? HEX_LETTERS[Math.min(this.hexes, 2)] ?? 'none'
  }

  setQuiet(text: string): void {
    this.quiet = wordSet(text, 'quiet', QUIET, QUIET_ALIASES)
  }

  setDescriptors(text: string): void {
    this.descriptors = wordSet(text, 'decode-fds', DESCRIPTOR_DETAILS)
  }

  setProcesses(text: string): void {
    const chosen = wordSet(text, 'decode-pids', ['comm', 'pidns'])
    this.comm = chosen.includes('comm')
    this.pidns = chosen.includes('pidns')
  }

  setDetachment(text: string, spelled: string): void {
    const found = DETACHMENTS.find(names => names.includes(text.toLowerCase()))
    if (!found) throw usageFault(`invalid ${spelled} argument: '${text}'`)
    this.detachment = found[0]
  }

  setHex(text: string, spelled: string): void {
    const hex = HEX.find(word => word === text.toLowerCase())
    if (!hex) throw usageFault(`invalid ${spelled} argument: '${text}'`)
    this.hex = hex
  }

  setConstants(text: string, spelled: string): void {
    const constants = CONSTANTS.find(word => word === text)
    if (!constants) throw usageFault(`invalid ${spelled} argument: '${text}'`)
    this.constants = constants
  }

  setRunner(text: string): void {
    if (text !== 'kernel')
      throw usageFault(`invalid --runner argument: '${text}': only the kernel runner traces by itself`)
    this.runner = text
  }

  /** The last of -z and -Z counts. */
  setStatusLetter(status: readonly Status[]): void {
    this.status = status
    this.statusLetters++
  }

  setSortBy(text: string): void {
    this.sortBy = sortKey(text)
  }

  setColumns(text: string): void {
    this.summaryColumns = columnNames(text)
  }

  overhead(text: string, spelled: string): void {
    const us = durationUs(text)
    if (us === undefined) throw usageFault(`invalid ${spelled} argument: '${text}'`)
    this.overheadUs = us
  }
}
