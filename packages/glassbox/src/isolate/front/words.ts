/**
 * Reads the words of a command line into a draft, and turns the draft into a call. Both are steps
 * of their own, because the original reads its config file in between, and the first error in its
 * order is the one that is reported.
 */
import { eachOption, type GetoptSpec } from '../../options/getopt.ts'
import { type Dialect, type IsolateCall, type IsolateConfig, type Ids, IsolateError } from '../types.ts'
import { Draft, type OpenReport } from './draft.ts'
import { environmentOf } from './environment.ts'
import { NumberFault } from './numbers.ts'
import { type IsolateOption, NO_VALUE, OPTIONS } from './option-table.ts'

/** A complaint of getopt: the whole help follows it. */
export class GrammarError extends IsolateError {
  constructor(message: string) {
    super('usage', message)
    this.name = 'GrammarError'
  }
}

const fail = (message: string): Error => new GrammarError(message)
const isExact = ({ only }: IsolateOption, dialect: Dialect): boolean => only !== undefined && only !== dialect

/** Made once for each way of reading: a server reads many command lines. */
const specs = new Map<string, GetoptSpec>()

function specOf(dialect: Dialect, permute: boolean): GetoptSpec {
  const key = `${dialect} ${permute}`
  const spec = specs.get(key) ?? makeSpec(dialect, permute)
  specs.set(key, spec)
  return spec
}

function makeSpec(dialect: Dialect, permute: boolean): GetoptSpec {
  const lettered = OPTIONS.flatMap(({ letter, takes }) => (letter === undefined ? [] : [[letter, takes]]))
  const long = OPTIONS.map(option => ({
    name: option.long,
    takes: option.takes,
    exact: isExact(option, dialect),
  }))
  return { letters: Object.fromEntries(lettered), long, permute, fail }
}

const BY_NAME: ReadonlyMap<string, IsolateOption> = new Map(
  OPTIONS.flatMap(option => [
    [`--${option.long}`, option] as const,
    ...(option.letter === undefined ? [] : [[option.letter, option] as const]),
  ]),
)

/** How the words are to be read. */
export interface Reading {
  readonly dialect: Dialect
  /** False with POSIXLY_CORRECT: options end at the first other word. */
  readonly permute: boolean
  readonly openReport: OpenReport
}

/** Throws IsolateError (usage) at the first wrong word. */
export function readWords(words: readonly string[], { dialect, permute, openReport }: Reading): Draft {
  const draft = new Draft(openReport)
  for (const found of eachOption(words, specOf(dialect, permute))) {
    if (typeof found === 'string') draft.operands.push(found)
    else applyOption(draft, found.name, found.value ?? NO_VALUE)
  }
  return draft
}

function applyOption(draft: Draft, name: string, value: string): void {
  const option = BY_NAME.get(name)
  if (!option) throw new IsolateError('internal', `An option without a row in the table: ${name}`)
  try {
    option.apply(draft, value)
  } catch (error) {
    if (!(error instanceof NumberFault)) throw error
    throw new IsolateError('usage', `Invalid value of --${option.long}: '${value}': ${error.message}`)
  }
}

/** What has to be known of the caller to judge a call. */
export interface Caller {
  readonly uid: number
  readonly effectiveUid: number
  readonly environment: readonly string[]
}

/** The checks that come before the config file is read. Throws IsolateError. */
export function checkDraft(draft: Draft, caller: Caller): void {
  if (draft.needsCg && !draft.cg)
    throw new IsolateError('usage', 'Options related to control groups require --cg to be set.')
  if (caller.effectiveUid !== 0) throw new IsolateError('internal', 'Must be started as root')
  const { uid, gid } = draft
  if ((uid === undefined) !== (gid === undefined))
    throw new IsolateError('usage', '--as-uid and --as-gid must be given together')
  if (uid !== undefined && caller.uid !== 0)
    throw new IsolateError('usage', 'Only root may use --as-uid and --as-gid')
}

/** The call, checked against the config file. Throws IsolateError. */
export function callOf(draft: Draft, dialect: Dialect, config: IsolateConfig, caller: Caller): IsolateCall {
  const { command, boxId, operands } = draft
  if (command === undefined || command === 'help')
    throw new IsolateError('internal', 'A call without a command')
  if (boxId !== 'auto' && boxId >= config.numBoxes)
    throw new IsolateError('internal', `Sandbox ID out of range (allowed: 0-${config.numBoxes - 1})`)
  if (boxId === 'auto' && command !== 'init' && command !== 'print-cg-root')
    throw new IsolateError('usage', `--box-id=auto works only with --init: --${command} needs a number`)
  if (command === 'run' && operands.length === 0)
    throw new IsolateError('usage', 'The program is missing: --run -- PROGRAM [ARGUMENT ...]')
  if (command !== 'run' && operands.length > 0)
    throw new IsolateError('usage', `--${command} takes no arguments, but was given '${operands[0]}'`)
  return {
    command,
    dialect,
    boxId,
    as: asIds(draft),
    cg: draft.cg || command === 'print-cg-root',
    plan: draft.plan,
    cgTiming: draft.cgTiming,
    wait: draft.wait,
    quota: draft.quota,
    verbose: draft.verbose,
    silent: draft.silent,
    meta: draft.meta,
    json: draft.json,
    program: programOf(draft, caller),
  }
}

const asIds = ({ uid, gid }: Draft): Ids | undefined =>
  uid === undefined || gid === undefined ? undefined : { uid, gid }

function programOf(draft: Draft, { environment }: Caller): IsolateCall['program'] {
  const { stdin, stdout, stderr, inheritFds, shareNet, specialFiles, ttyHack, syscallFlags, chdir } = draft
  const { cpuMs, extraCpuMs, wallMs, cgMemKiB, addressSpaceKiB, fileSizeKiB, stackKiB } = draft
  const { coreKiB, openFiles, processes } = draft
  return {
    argv: draft.operands,
    environment: environmentOf(draft.environment, environment, draft.fullEnvironment),
    directories: draft.directories.active(draft.defaultDirectories),
    ...{ chdir, inheritFds, shareNet, specialFiles, ttyHack, syscallFlags },
    streams: { stdin, stdout, stderr },
    limits: {
      ...{ cpuMs, extraCpuMs, wallMs, cgMemKiB, addressSpaceKiB, fileSizeKiB, stackKiB },
      ...{ coreKiB, openFiles, processes },
    },
  }
}
