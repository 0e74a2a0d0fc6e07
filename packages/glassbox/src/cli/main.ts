/** The command: finds the subcommand, loads only it, and turns what it throws into one clear sentence. */
import { readFileSync, writeSync } from 'node:fs'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import { exitCodeOfError } from './exit-code.ts'
import { columns, paint } from './terminal.ts'

interface Command {
  readonly summary: string
  help(columns: number): string
  main(words: readonly string[]): Promise<number>
}

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: () => import('./run.ts'),
  strace: () => import('./strace.ts'),
  doctor: () => import('./doctor.ts'),
  completion: () => import('./completion.ts'),
}

async function overview(): Promise<string> {
  const rows = await Promise.all(
    Object.entries(COMMANDS).map(
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

async function load(name: string): Promise<Command> {
  const command = COMMANDS[name]
  if (command) return command()
  const guess = nearest(name, [...Object.keys(COMMANDS), 'help', '--help', '--version'])
  throw new InvalidOptionError(
    'COMMAND',
    `There is no command called ${name}.`,
    guess ? `Did you mean ${guess}?` : '"glassbox --help" lists the commands.',
  )
}

async function dispatch([name, ...words]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(await overview())
    return 0
  }
  if (name === '--version' || name === '-V') {
    process.stdout.write(`glassbox ${version()}\n`)
    return 0
  }
  if (name === 'help') {
    process.stdout.write(words[0] === undefined ? await overview() : (await load(words[0])).help(columns()))
    return 0
  }
  return (await load(name)).main(words)
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** What went wrong and what to do next; the stack only of what should not have happened. */
async function explain(error: unknown): Promise<string> {
  if (!(error instanceof GlassboxError)) {
    const known = error instanceof Error && 'syscall' in error // an error of the system, as Node words it
    return error instanceof Error
      ? known
        ? sentence(error.message)
        : (error.stack ?? error.message)
      : String(error)
  }
  const message = error instanceof InvalidOptionError ? await inTheCommandsWords(error) : error.message
  // What the library calls Infinity is typed as unlimited.
  const hint = error.hint?.replace('Infinity', 'unlimited')
  return [sentence(message), hint === undefined ? [] : sentence(hint)].flat().join(' ')
}

/** The library speaks of its options; whoever typed a command knows them by other names. */
async function inTheCommandsWords({ option, message }: InvalidOptionError): Promise<string> {
  const { OPTION_NAMES } = await import('./run-options.ts')
  const name = OPTION_NAMES.get(option)
  if (name === undefined || message.includes(name)) return message
  return message.includes(option) ? message.replaceAll(option, name) : `${name}: ${message}`
}

// A reader that went away (glassbox run … | head) is no error of ours.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

try {
  process.exitCode = await dispatch(process.argv.slice(2))
} catch (error) {
  writeSync(2, `${paint(process.stderr, 'red', 'glassbox:')} ${await explain(error)}\n`)
  process.exitCode = exitCodeOfError(error)
}
