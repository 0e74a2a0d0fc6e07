/** What the command does whichever subcommand is asked for: finds it, runs it, and turns what it throws into one clear sentence. */
import { readFileSync, writeSync } from 'node:fs'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import { exitCodeOfError } from './exit-code.ts'
import { columns, paint, stdout } from './terminal.ts'

export interface Command {
  readonly summary: string
  help(columns: number): string
  main(words: readonly string[]): Promise<number>
  /** What the library's options are called on its command line. */
  readonly optionNames?: ReadonlyMap<string, string>
}

/** By their names, each loaded when it is asked for. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>

async function overview(commands: Commands): Promise<string> {
  const rows = await Promise.all(
    Object.entries(commands).map(
      async ([name, command]) => `  ${name.padEnd(12)}${(await command()).summary}`,
    ),
  )
  return `glassbox runs a Linux program that you did not write, shows what it does,
and says honestly how it ended.

Usage: glassbox COMMAND [options]

${rows.join('\n')}

"glassbox COMMAND --help" says more.
`
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function load(commands: Commands, name: string): Promise<Command> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command()
  const guess = nearest(name, [...Object.keys(commands), 'help', '--help', '--version'])
  throw new InvalidOptionError(
    'COMMAND',
    `There is no command called ${name}.`,
    guess ? `Did you mean ${guess}?` : '"glassbox --help" lists the commands.',
  )
}

/** What is typed in place of a command. */
const ANSWERS: Readonly<Record<string, (commands: Commands, about: string | undefined) => Promise<string>>> =
  {
    '--help': overview,
    '-h': overview,
    '--version': async () => `glassbox ${version()}\n`,
    '-V': async () => `glassbox ${version()}\n`,
    help: async (commands, about) =>
      about === undefined ? overview(commands) : (await load(commands, about)).help(columns()),
  }

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** What went wrong and what to do next; the stack only of what should not have happened. */
function explain(error: unknown, command: Command | undefined): string {
  if (!(error instanceof GlassboxError)) {
    const known = error instanceof Error && 'syscall' in error // an error of the system, as Node words it
    return error instanceof Error
      ? known
        ? sentence(error.message)
        : (error.stack ?? error.message)
      : String(error)
  }
  const message = error instanceof InvalidOptionError ? inTheCommandsWords(error, command) : error.message
  // What the library calls Infinity is typed as unlimited.
  const hint = error.hint?.replace('Infinity', 'unlimited')
  return [sentence(message), hint === undefined ? [] : sentence(hint)].flat().join(' ')
}

/** The library speaks of its options; whoever typed a command knows them by other names. */
function inTheCommandsWords({ option, message }: InvalidOptionError, command: Command | undefined): string {
  const names = command?.optionNames
  const name = names?.get(option) ?? names?.get(/^\w+/.exec(option)?.[0] ?? '')
  if (name === undefined || message.includes(name)) return message
  return message.includes(option) ? message.replaceAll(option, name) : `${name}: ${message}`
}

/** Does what the words of the command line ask for, and sets the exit code. */
export async function start(commands: Commands, words: readonly string[]): Promise<void> {
  const [name = '--help', ...rest] = words
  let command: Command | undefined
  try {
    const answer = Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : undefined
    if (answer) {
      stdout().write(await answer(commands, rest[0]))
      return
    }
    command = await load(commands, name)
    process.exitCode = await command.main(rest)
  } catch (error) {
    writeSync(2, `${paint(process.stderr, 'red', 'glassbox:')} ${explain(error, command)}\n`)
    process.exitCode = exitCodeOfError(error)
  }
}
