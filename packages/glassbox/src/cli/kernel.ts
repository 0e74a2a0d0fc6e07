/** `glassbox kernel`: what the kernel of the kernel runner serves. */
import { InvalidOptionError } from '../errors.ts'
import { kernelCalls } from '../kernel/world/kernel-calls.ts'
import { COMMON_OPTIONS, type OptionSpec, optionsHelp, parseOptions } from './options.ts'
import { stdout } from './output.ts'

export const summary = 'Show which system calls the kernel runner serves.'

export const options: readonly OptionSpec[] = [
  { name: '--json', help: 'One JSON document instead of lines.' },
  ...COMMON_OPTIONS,
]

export const help = (width: number): string => `Usage: glassbox kernel syscalls [--json]

${summary} Each line has the number of a call, its name, and whether it
is served: yes, partly (with what is missing), or no. A call that is not served
answers ENOSYS.

${optionsHelp(options, width)}
`

const WORDS = { full: 'yes', partial: 'partly', none: 'no' } as const

export async function main(words: readonly string[]): Promise<number> {
  const [subcommand, ...others] = words
  if (subcommand !== 'syscalls')
    throw new InvalidOptionError(
      'SUBCOMMAND',
      subcommand === undefined
        ? 'No subcommand was given.'
        : `glassbox kernel has no subcommand ${subcommand}.`,
      'Use glassbox kernel syscalls.',
    )
  const { flags, rest } = parseOptions('kernel', options, others)
  if (rest[0] !== undefined)
    throw new InvalidOptionError(rest[0], `kernel syscalls takes no argument, got ${rest[0]}.`)
  const calls = kernelCalls().calls()
  if (flags.has('--json')) stdout.write(`${JSON.stringify(calls, undefined, 2)}\n`)
  else
    for (const { nr, name, support, missing } of calls)
      stdout.write(
        `${String(nr).padStart(3)} ${name.padEnd(24)} ${WORDS[support]}${missing === undefined ? '' : `: ${missing}`}\n`,
      )
  return 0
}
