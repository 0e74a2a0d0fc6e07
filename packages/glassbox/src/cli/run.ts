/** `glassbox run`: runs one program in a box and prints its output and a report. */
import { InvalidOptionError } from '../errors.ts'
import { printable } from '../printable.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import type { RunOptions } from '../job/options.ts'
import type { ErrorOutput, Input, Output } from '../job/streams.ts'
import { planText } from '../run/plan.ts'
import type { AnyResult } from '../job/result.ts'
import type { RunHandle } from '../run/handle.ts'
import { run } from '../run/run.ts'
import { type CopyOutcome, tellCopies } from './run/copy-out.ts'
import { EXIT_CODES_HELP, exitCodeOf, FAULT, MISSING_FILE } from './exit-code.ts'
import { resultJson } from './run/json.ts'
import { optionsHelp, type ParsedOptions, parseOptions } from './options.ts'
import { type CommandOutput, isOnePlace, stderr, stdout } from './output.ts'
import { Excerpt } from './run/excerpt.ts'
import { hintsFor } from './run/hints.ts'
import { ProgramOutput } from './run/program-output.ts'
import { explainDenials } from './run/explain-denials.ts'
import { reportLine } from './run/report.ts'
import { RUN_OPTIONS } from './run/options.ts'
import { runRequest } from './run/request.ts'
import type { RunTrace } from './run-trace.ts'
import { paint, startSpinner } from './terminal.ts'

export const summary = 'Run a program in a box and report how it ended.'

export { OPTION_NAMES as optionNames, RUN_OPTIONS as options } from './run/options.ts'

export function help(width: number): string {
  return `Usage: glassbox run [options] [--] PROGRAM [ARGUMENT ...]

${summary}

${optionsHelp(RUN_OPTIONS, width)}

${EXIT_CODES_HELP}

Examples:
  glassbox run --cpu-time 1s --memory 256MiB -- python3 -c 'print(6*7)'
  glassbox run --copy-in main.c --copy-out a.out -- gcc main.c
  glassbox run --runner ptrace --allow-read /etc/passwd -- cat /etc/passwd
  glassbox run --plan -- true
`
}

/** Signals with which a person or a service ends the command. The box must end with it. */
const ENDING_SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export async function main(words: readonly string[]): Promise<number> {
  const parsed = parseOptions('run', RUN_OPTIONS, words)
  const [program, ...args] = parsed.rest
  if (program === undefined) {
    throw new InvalidOptionError(
      'PROGRAM',
      'No program was given.',
      'For example: glassbox run -- python3 script.py',
    )
  }
  const options = await runRequest(parsed)
  if (parsed.flags.has('--plan')) {
    if (parsed.flags.has('--json'))
      throw new InvalidOptionError('--json', '--plan and --json exclude each other.', 'Choose one.')
    stdout.write(await planText(program, args, options))
    return 0
  }
  return execute(program, args, parsed, options)
}

/** The program's streams, and those of them that pass through this process. */
interface Streams {
  readonly options: Pick<RunOptions, 'stdin' | 'stdout' | 'stderr' | 'encoding'>
  readonly passing: readonly ProgramOutput[]
  /** What of stderr passes through this process. */
  readonly excerpt: Excerpt
}

/** The value of `--stderr` that means the same place as stdout. */
const STDOUT = 'stdout'

function openStreams({ flags, lastOf }: ParsedOptions): Streams {
  const passing: ProgramOutput[] = []
  const excerpt = new Excerpt()
  const file = (name: string): { file: string } | undefined => {
    const path = lastOf(name)
    return path === undefined ? undefined : { file: path }
  }
  const output = (name: string, own: CommandOutput, hasErrors: boolean): Output => {
    const chosen = file(name)
    if (chosen) return chosen
    if (flags.has('--json')) return 'capture'
    const stream = new ProgramOutput(own, hasErrors ? excerpt : undefined)
    passing.push(stream)
    // It is ended below. To see whether to end a stream, run() would have to make process.stdout.
    return { stream: stream.asStream(), end: false }
  }
  const isChosen = flags.has('--json') || file('--stdout') !== undefined || file('--stderr') !== undefined
  // One pipe keeps the order in which the program writes, as a terminal or `2>&1` would.
  const isJoined = lastOf('--stderr') === STDOUT || (!isChosen && isOnePlace())
  const stdin: Input = file('--stdin') ?? 'inherit'
  const out: Output = output('--stdout', stdout, isJoined)
  const err: ErrorOutput = isJoined ? STDOUT : output('--stderr', stderr, true)
  return { options: { stdin, stdout: out, stderr: err, encoding: 'buffer' }, passing, excerpt }
}

/** Calls `cancel` when a person or a service asks the command to end. */
function onEndingSignal(cancel: () => void): { code: () => number | undefined; stop: () => void } {
  let code: number | undefined
  const handlers = Object.entries(ENDING_SIGNALS).map(([signal, itsCode]) => {
    const handler = (): void => {
      code = itsCode
      cancel()
    }
    process.on(signal, handler)
    return { signal, handler }
  })
  return {
    code: () => code,
    stop() {
      for (const { signal, handler } of handlers) process.off(signal, handler)
    },
  }
}

async function execute(
  program: string,
  args: readonly string[],
  parsed: ParsedOptions,
  options: RunOptions,
): Promise<number> {
  const { options: streams, passing, excerpt } = openStreams(parsed)
  let running: RunHandle<string | Uint8Array> | undefined
  const ending = onEndingSignal(() => {
    running?.kill()
    for (const stream of passing) stream.stopWaiting()
  })
  const traced = await openTrace(parsed, options)
  const stopSpinner = passing.length === 0 ? startSpinner(stderr, `running ${printable(program)}`) : () => {}
  let result: AnyResult
  try {
    const handle = run(program, args, { ...options, ...streams, ...(traced && { trace: traced.trace }) })
    running = handle
    if (ending.code() !== undefined) handle.kill()
    result = await handle
    await Promise.all(passing.map(stream => stream.finish()))
  } finally {
    stopSpinner()
    traced?.close()
    // The output that follows is written at once, so from here on a signal may end the command as
    // it ends any other.
    ending.stop()
  }
  const copied = tellCopies(result)
  const text = parsed.flags.has('--json') ? textOf(result.stderr) : excerpt.text
  tellResult(parsed, result, traced, await hintsFor({ program, options, result, text }))
  if (result.status === 'canceled') return ending.code() ?? exitCodeOf(result)
  return exitCodeOf(result) || codeOfExtras(copied, traced)
}

/**
 * The exit code after the program itself succeeded: failures of `--copy-out` and `--trace` count
 * too.
 */
function codeOfExtras(copied: CopyOutcome, traced: RunTrace | undefined): number {
  if (copied === 'failed' || traced?.outcome() === 'failed') return FAULT
  return copied === 'missing' ? MISSING_FILE : 0
}

/** The module is loaded only when it is needed, because it imports the options of strace. */
async function openTrace(parsed: ParsedOptions, { binds }: RunOptions): Promise<RunTrace | undefined> {
  const file = parsed.lastOf('--trace')
  const size = parsed.lastOf('--trace-size')
  if (file !== undefined) return (await import('./run-trace.ts')).traceInto(file, size, new HostPaths(binds))
  if (size === undefined) return undefined
  throw new InvalidOptionError('--trace-size', '--trace-size needs --trace.', 'Add --trace FILE.')
}

/** Captured stderr as text; what is beyond the length of an excerpt is not looked at. */
const textOf = (output: string | Uint8Array): string => Buffer.from(output.slice(0, MOST_TEXT)).toString()
const MOST_TEXT = 65_536

/** Prints the document or the report, after the program's streams are complete. */
function tellResult(
  { flags, lastOf }: ParsedOptions,
  result: AnyResult,
  traced: RunTrace | undefined,
  hints: readonly string[],
): void {
  if (traced?.outcome() === 'cut') stderr.write(`glassbox: ${traced.note()}\n`)
  if (flags.has('--json')) for (const piece of resultJson(result, hints)) stdout.write(piece)
  else if (!flags.has('--quiet')) {
    const name = paint(stderr, result.ok ? 'green' : 'yellow', 'glassbox:')
    stderr.write(`${name} ${printable(reportLine(result, flags.has('--explain')))}\n`)
    for (const hint of hints) stderr.write(`${name} ${printable(hint)}\n`)
  }
  if (flags.has('--explain'))
    for (const line of explainDenials(result, lastOf('--policy')))
      stderr.write(`glassbox: ${printable(line)}\n`)
}
