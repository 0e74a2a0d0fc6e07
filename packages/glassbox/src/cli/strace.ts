/** `glassbox strace`: parses, traces in this thread, and ends as the traced program ended. */
import { readFileSync } from 'node:fs'
import { GlassboxError } from '../errors.ts'
import { signalNumber } from '../linux/signals.ts'
import { straceHandlers } from '../strace/outputs.ts'
import { Output } from '../strace/output.ts'
import type { StraceOptions } from '../strace/options.ts'
import { resolvePaths } from '../strace/paths.ts'
import { UsageError } from '../strace/usage-error.ts'
import { userOf } from '../strace/user.ts'
import { type HereOptions, traceHere } from '../tracer/here.ts'
import type { TraceCommand, TraceEnd } from '../tracer/types.ts'
import { parseStraceOptions, straceHelp } from './strace-options.ts'

export const summary = 'print the system calls of a program, as strace(1) does'
export const help = (): string => straceHelp()

const tell = (text: string): void => void process.stderr.write(`strace: ${text}\n`)

export async function main(words: readonly string[]): Promise<number> {
  if (words[0] === '-h' || words[0] === '--help') {
    process.stdout.write(straceHelp())
    return 0
  }
  if (words[0] === '-V' || words[0] === '--version') {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    process.stdout.write(`glassbox strace -- version ${(JSON.parse(text) as { version: string }).version}\n`)
    return 0
  }
  try {
    return await run(parseStraceOptions(words))
  } catch (error) {
    if (!(error instanceof GlassboxError)) throw error
    tell(error.message)
    if (error instanceof UsageError && error.tryHelp)
      process.stderr.write("Try 'glassbox strace -h' for more information.\n")
    return 1
  }
}

async function run(asked: StraceOptions): Promise<number> {
  const quiet = asked.quiet.has('path-resolution')
  const options = { ...asked, paths: resolvePaths(asked.paths, quiet ? () => {} : tell) }
  const output = new Output(options)
  const { handlers, finish } = await straceHandlers(options, output, () =>
    process.kill(process.pid, 'SIGUSR1'),
  )
  let end: TraceEnd
  try {
    end = traceHere(target(options), { ...hereOptions(options), handlers })
  } finally {
    finish()
    await output.close()
  }
  return exitCode(options, end)
}

function target({ command, pids, argv0, env, user }: StraceOptions): TraceCommand | readonly number[] {
  const [program, ...args] = command
  if (program === undefined) return pids
  const changed = new Map(Object.entries(process.env as Record<string, string>))
  for (const [name, value] of env) {
    if (value === undefined) changed.delete(name)
    else changed.set(name, value)
  }
  return {
    program,
    args,
    env: Object.fromEntries(changed),
    ...(argv0 === undefined ? {} : { argv0 }),
    ...(user === undefined ? {} : { user: userOf(user) }),
  }
}

/** SIGINT goes to the program too, by the terminal; who traces waits for its end. */
function hereOptions({
  command,
  pids,
  follow,
  trace,
  seccomp,
  killOnExit,
  injections,
}: StraceOptions): Omit<HereOptions, 'handlers'> {
  const launched = command.length > 0
  return {
    follow,
    sameCpu: launched,
    seccomp: seccomp && follow,
    signals: { SIGINT: 'detach', SIGTERM: 'detach', SIGHUP: 'detach', SIGUSR1: 'keep' },
    ...(trace.all
      ? {}
      : { syscalls: [...new Set([...trace.names, ...injections.flatMap(({ calls }) => calls.names)])] }),
    ...(launched && pids.length > 0 ? { attach: pids } : {}),
    ...(launched ? { killOnExit } : {}),
  }
}

/** Who died by a signal is followed: the shell that started us is to see the same. */
function exitCode({ command }: StraceOptions, { exitCode: code, signal }: TraceEnd): number {
  if (command.length === 0) return 0
  if (signal !== undefined) {
    const number = signalNumber(signal) ?? 0
    process.kill(process.pid, signal)
    return 128 + number
  }
  return code ?? 0
}
