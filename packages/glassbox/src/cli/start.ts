/**
 * The part of the command that all subcommands share. It finds the subcommand, runs it, turns
 * errors into one clear sentence, and chooses the exit code after all output was written or has
 * failed.
 */
import { InvalidOptionError } from '../errors.ts'
import { errnoMessage } from '../linux/errno.ts'
import { nearest } from '../suggest.ts'
import { exitCodeOfError, FAULT, READER_GONE } from './exit-code.ts'
import { errorDocument, explain, type OptionNames } from './explain.ts'
import { errorJson } from './run/json.ts'
import { hasFlag, type OptionSpec } from './options.ts'
import { failedOutput, stderr, stdout } from './output.ts'
import { columns, paint } from './terminal.ts'
import { versionText } from './version.ts'

export interface Command {
  readonly summary: string
  help(columns: number): string
  main(words: readonly string[]): Promise<number>
  /** Its options, if its help, version and errors work like those of `glassbox run`. */
  readonly options?: readonly OptionSpec[]
  readonly optionNames?: OptionNames
}

/** The subcommands by name. Each is loaded when it is needed. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>

async function overview(commands: Commands): Promise<string> {
  const rows = await Promise.all(
    Object.entries(commands).map(
      async ([name, command]) => `  ${name.padEnd(12)}${(await command()).summary}`,
    ),
  )
  return `glassbox runs untrusted Linux programs in sandboxes with resource limits and
accurate verdicts, and traces what they do.

Usage: glassbox COMMAND [options]

${rows.join('\n')}

"glassbox COMMAND --help" describes a command, "glassbox --version" prints the version.
`
}

/** The answer to a word that takes the place of a command. */
type Answer = (commands: Commands, about: string | undefined) => Promise<string>

const version: Answer = async () => versionText()
const helpAbout: Answer = async (commands, about) =>
  about === undefined || Object.hasOwn(ANSWERS, about)
    ? overview(commands)
    : (await load(commands, about)).help(columns())

const ANSWERS: Readonly<Record<string, Answer>> = {
  ...{ '--help': overview, '-h': overview, help: helpAbout },
  ...{ '--version': version, '-V': version, '-v': version, version },
}

async function load(commands: Commands, name: string): Promise<Command> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command()
  const guess = nearest(name, [...Object.keys(commands), ...Object.keys(ANSWERS)])
  throw new InvalidOptionError(
    'COMMAND',
    `There is no command called ${name}.`,
    guess ? `Did you mean ${guess}?` : '"glassbox --help" lists the commands.',
  )
}

/** The text for a flag that every command has, even if other options are wrong. */
function flagText(command: Command, words: readonly string[]): string | undefined {
  const { options = [] } = command
  if (hasFlag(options, words, '--help')) return command.help(columns())
  return hasFlag(options, words, '--version') ? versionText() : undefined
}

/** Runs the command line and sets the exit code. */
export async function start(commands: Commands, words: readonly string[]): Promise<void> {
  process.exitCode = withOutput(await answer(commands, words))
}

async function answer(commands: Commands, words: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = words
  let command: Command | undefined
  try {
    const typed = Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : undefined
    if (typed) {
      stdout.write(await typed(commands, rest[0]))
      return 0
    }
    command = await load(commands, name)
    const text = flagText(command, rest)
    if (text === undefined) return await command.main(rest)
    stdout.write(text)
    return 0
  } catch (error) {
    const { options = [], optionNames } = command ?? {}
    if (hasFlag(options, rest, '--json')) stdout.write(errorJson(errorDocument(error, optionNames)))
    stderr.write(`${paint(stderr, 'red', 'glassbox:')} ${explain(error, optionNames)}\n`)
    return exitCodeOfError(error)
  }
}

/**
 * The exit code after all output was written. Lost output is a failure, however the program
 * ended.
 */
function withOutput(code: number): number {
  const failed = failedOutput()
  if (!failed) return code
  const { name, error } = failed
  // The reader needed no more output. Other programs silently die of SIGPIPE in this case.
  if (error.code === 'EPIPE') return code === 0 ? READER_GONE : code
  const reason = errnoMessage(Math.abs(error.errno ?? 0))
  stderr.write(`${paint(stderr, 'red', 'glassbox:')} cannot write ${name}: ${reason}\n`)
  return FAULT
}
