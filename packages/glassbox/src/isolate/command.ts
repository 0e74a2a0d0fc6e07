/**
 * One call of isolate, from its words to its exit code. It is the same in the process of the
 * command and in the server: all that it has of its caller is in a `CallIo`, and all that it does
 * to the host is done by a `Keeper`.
 *
 * The order of the checks is that of the original, because the first error is the one reported.
 */
import { GlassboxError } from '../errors.ts'
import {
  CONFIG_VARIABLE,
  dialectOf,
  findConfig,
  type FoundConfig,
  loadConfig,
  variableOf,
} from './config-file.ts'
import type { Draft } from './front/draft.ts'
import { helpText, versionText } from './front/help.ts'
import { jsonText } from './front/json.ts'
import { faultMetaText, metaText } from './front/meta.ts'
import { statusLine, wordsOf } from './front/outcome.ts'
import { callOf, checkDraft, GrammarError, readWords } from './front/words.ts'
import { ReportFiles } from './report-files.ts'
import { type CallIo, type Dialect, type IsolateCall, IsolateError, type Keeper } from './types.ts'

/** What a call needs besides its caller. */
export interface Surroundings {
  /** The version of glassbox. */
  readonly version: string
  /** Called only by commands that act on the host. */
  keeper(): Promise<Keeper>
}

const FAULT = 2

/**
 * Resolves with the exit code: 0, 1 (the program failed) or 2 (the call failed). Never rejects for
 * anything that a caller or a program did.
 *
 * @example
 * process.exitCode = await isolate(['--box-id=3', '--init'], processIo('isolate'), surroundings)
 */
export async function isolate(
  words: readonly string[],
  io: CallIo,
  surroundings: Surroundings,
): Promise<number> {
  const config = findConfig(variableOf(io, CONFIG_VARIABLE))
  const dialect = dialectOf(io.programName, config)
  const reports = new ReportFiles(io)
  let code: number
  try {
    const permute = variableOf(io, 'POSIXLY_CORRECT') === undefined
    const draft = readWords(words, { dialect, permute, openReport: (...file) => reports.open(...file) })
    code = await new Call(io, dialect, config, reports, surroundings).make(draft)
  } catch (error) {
    code = explain(error, io, dialect, reports)
  }
  return closed(reports, io, code)
}

/** The exit code after the files were closed, and all output was written or has failed. */
function closed(reports: ReportFiles, io: CallIo, code: number): number {
  try {
    reports.close()
  } catch (error) {
    io.err(`${messageOf(error)}\n`)
    return FAULT
  }
  if (!io.failed) return code
  io.err('Cannot write to standard output\n')
  return FAULT
}

/** Says what went wrong, where the caller looks for it. */
function explain(error: unknown, io: CallIo, dialect: Dialect, reports: ReportFiles): number {
  const message = messageOf(error)
  if (error instanceof GrammarError) {
    io.err(`${io.programName}: ${message}\n`)
    io.out(helpText())
    return FAULT
  }
  io.err(`${message}\n`)
  if (error instanceof IsolateError && error.kind === 'usage') {
    if (dialect === '1') io.out(helpText())
    else io.err(`'${io.programName} --help' lists the options.\n`)
    return FAULT
  }
  try {
    reports.write('meta', faultMetaText(message))
    reports.write('json', jsonText(undefined, { end: internal(message), statistics: undefined }))
  } catch (second) {
    io.err(`${messageOf(second)}\n`)
  }
  return FAULT
}

const internal = (message: string) => ({ cause: 'internal', message, killed: false }) as const

/** An error without a class of ours is a fault of glassbox: its stack says where. */
const messageOf = (error: unknown): string =>
  error instanceof GlassboxError ? error.message : `Internal error of glassbox: ${(error as Error).stack}`

class Call {
  readonly #io: CallIo
  readonly #dialect: Dialect
  readonly #config: FoundConfig
  readonly #reports: ReportFiles
  readonly #surroundings: Surroundings

  constructor(
    io: CallIo,
    dialect: Dialect,
    config: FoundConfig,
    reports: ReportFiles,
    surroundings: Surroundings,
  ) {
    this.#io = io
    this.#dialect = dialect
    this.#config = config
    this.#reports = reports
    this.#surroundings = surroundings
  }

  async make(draft: Draft): Promise<number> {
    const io = this.#io
    switch (draft.command) {
      case undefined:
        throw new IsolateError('usage', 'A command is missing: --init, --run, --cleanup or --version')
      case 'help':
        io.out(helpText())
        return 0
      case 'version':
        io.out(versionText(this.#dialect, this.#surroundings.version))
        return 0
      case 'check-config':
        this.#checkConfig(draft.verbose)
        return 0
      default:
        return this.#act(draft)
    }
  }

  #checkConfig(verbose: number): void {
    const { boxes, ...values } = loadConfig(this.#config)
    if (verbose < 2) return
    this.#io.out(`config file: ${this.#config.path ?? 'none'}\n`)
    for (const [name, value] of Object.entries(values))
      this.#io.out(`${name} = ${typeof value === 'object' ? JSON.stringify(value) : String(value)}\n`)
    for (const [id, { cpus, mems }] of boxes)
      this.#io.out(`box${id}: cpus ${cpus ?? '-'}, mems ${mems ?? '-'}\n`)
  }

  async #act(draft: Draft): Promise<number> {
    const io = this.#io
    const caller = { uid: io.ids.uid, effectiveUid: io.effectiveUid, environment: io.environment }
    checkDraft(draft, caller)
    const config = loadConfig(this.#config)
    const call = callOf(draft, this.#dialect, config, caller)
    const keeper = await this.#surroundings.keeper()
    if (call.plan) {
      io.out(await keeper.plan(call, config, io))
      return 0
    }
    switch (call.command) {
      case 'init':
        io.out(`${await keeper.init(call, config, io)}\n`)
        return 0
      case 'cleanup':
        await keeper.cleanup(call, config, io)
        return 0
      case 'print-cg-root':
        io.out(`${await keeper.cgRoot(config)}\n`)
        return 0
      default:
        return this.#tell(call, await keeper.run(call, config, io))
    }
  }

  /** Reports a run in all places that the caller asked for. */
  #tell(call: IsolateCall, outcome: Awaited<ReturnType<Keeper['run']>>): number {
    const { exitCode } = wordsOf(outcome.end)
    // Said first: it is the only report if the files cannot be written.
    if (!call.silent || exitCode === FAULT) this.#io.err(`${statusLine(outcome)}\n`)
    this.#reports.write('meta', metaText(outcome))
    this.#reports.write('json', jsonText(call.boxId, outcome))
    return exitCode
  }
}
