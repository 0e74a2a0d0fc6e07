/** `glassbox run`: one program in a box, its output and its verdict. */
import { InvalidOptionError } from '../errors.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import type { Input, Output, RunOptions } from '../job/options.ts'
import { planText } from '../run/plan.ts'
import type { AnyResult } from '../job/result.ts'
import { run } from '../run/run.ts'
import { tellCopies } from './copy-out.ts'
import { exitCodeOf } from './exit-code.ts'
import { resultJson } from './json.ts'
import { optionsHelp, type ParsedOptions, parseOptions } from './options.ts'
import { reportLine } from './report.ts'
import { RUN_OPTIONS, runRequest } from './run-options.ts'
import type { RunTrace } from './run-trace.ts'
import { columns, paint, startSpinner, stderr, stdout } from './terminal.ts'

export const summary = 'Run a program in a box and say how it ended.'

export { OPTION_NAMES as optionNames } from './run-options.ts'

const EXIT_CODES = `Exit code: the program's own; 128 + n for signal n; 124 time limit, 137 memory,
153 output, 159 denied call, 130 canceled; 125 a fault of glassbox, 126 not
executable, 127 not found.`

export function help(width: number): string {
  return `Usage: glassbox run [options] [--] PROGRAM [ARGUMENT ...]

${summary}

${optionsHelp(RUN_OPTIONS, width)}

${EXIT_CODES}

Examples:
  glassbox run --cpu-time 1s --memory 256MiB -- python3 -c 'print(6*7)'
  glassbox run --copy-in main.c --copy-out a.out -- gcc main.c
  glassbox run --plan -- true
`
}

/** Signals by which a person or a service ends the command: the box must go with it. */
const ENDING_SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export async function main(words: readonly string[]): Promise<number> {
  const parsed = parseOptions('run', RUN_OPTIONS, words)
  if (parsed.flags.has('--help')) {
    stdout().write(help(columns()))
    return 0
  }
  const [program, ...args] = parsed.rest
  if (program === undefined) {
    throw new InvalidOptionError(
      'PROGRAM',
      'No program was given.',
      'For example: glassbox run -- python3 script.py',
    )
  }
  const options = runRequest(parsed)
  if (parsed.flags.has('--plan')) {
    if (parsed.flags.has('--json'))
      throw new InvalidOptionError('--json', '--plan and --json exclude each other.', 'Choose one.')
    stdout().write(planText(program, args, options))
    return 0
  }
  return execute(program, args, { ...options, ...streams(parsed) }, parsed)
}

function streams({
  flags,
  values,
}: ParsedOptions): Pick<RunOptions, 'stdin' | 'stdout' | 'stderr' | 'encoding'> {
  const file = (name: string): { file: string } | undefined => {
    const path = values.get(name)?.[0]
    return path === undefined ? undefined : { file: path }
  }
  const output = (name: string, stream: () => NodeJS.WriteStream): Output =>
    file(name) ?? (flags.has('--json') ? 'capture' : stream())
  const stdin: Input = file('--stdin') ?? { inherit: true }
  return {
    stdin,
    stdout: output('--stdout', stdout),
    stderr: output('--stderr', stderr),
    encoding: 'buffer',
  }
}

async function execute(
  program: string,
  args: readonly string[],
  options: RunOptions,
  { flags, values }: ParsedOptions,
): Promise<number> {
  const canceled = new AbortController()
  let endedBy: number | undefined
  const handlers = Object.entries(ENDING_SIGNALS).map(([signal, code]) => {
    const handler = (): void => {
      endedBy = code
      canceled.abort()
    }
    process.on(signal, handler)
    return { signal, handler }
  })
  const silent = flags.has('--json') || (values.has('--stdout') && values.has('--stderr'))
  let traced = await openTrace(values.get('--trace')?.[0], options)
  const stopSpinner = silent ? startSpinner(stderr(), `${program} runs`) : () => {}
  try {
    const result = await run(program, args, {
      ...options,
      ...(traced && { trace: traced.trace }),
      signal: canceled.signal,
    })
    const isTraced = traced?.close() ?? true
    traced = undefined
    stopSpinner()
    if (flags.has('--json')) stdout().write(resultJson(result))
    const copied = tellCopies(result)
    if (!flags.has('--json') && !flags.has('--quiet')) printReport(result)
    if (result.status === 'canceled' && endedBy !== undefined) return endedBy
    return copied && isTraced ? exitCodeOf(result) : exitCodeOf(result) || 125
  } finally {
    traced?.close()
    stopSpinner()
    for (const { signal, handler } of handlers) process.off(signal, handler)
  }
}

/** Loaded where it is needed: it brings the options of strace along. */
async function openTrace(file: string | undefined, { binds }: RunOptions): Promise<RunTrace | undefined> {
  if (file === undefined) return undefined
  return (await import('./run-trace.ts')).traceInto(file, new HostPaths(binds))
}

function printReport(result: AnyResult): void {
  const line = reportLine(result)
  stderr().write(`${paint(stderr(), result.ok ? 'green' : 'yellow', 'glassbox:')} ${line}\n`)
}
