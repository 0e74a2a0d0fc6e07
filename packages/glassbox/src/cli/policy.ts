/** `glassbox policy`: shows, explains and learns what programs may do. */
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import { COMMON_OPTIONS, hasFlag, type OptionSpec, optionsHelp } from './options.ts'
import { stdout } from './output.ts'
import { EXPLAIN } from './policy/explain-command.ts'
import { LEARN } from './policy/learn-command.ts'
import { SHOW } from './policy/show-command.ts'
import type { Subcommand } from './policy/subcommand.ts'
import { columns } from './terminal.ts'

export const summary = 'Show, explain and learn policies: what a program may do.'

export const options: readonly OptionSpec[] = COMMON_OPTIONS

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  show: SHOW,
  explain: EXPLAIN,
  learn: LEARN,
}

export const POLICY_SUBCOMMANDS: readonly string[] = Object.keys(SUBCOMMANDS)

const usageOf = ([name, { usage }]: readonly [string, Subcommand]): string =>
  `glassbox policy ${name} ${usage}`

export function help(width: number): string {
  const parts = Object.entries(SUBCOMMANDS).map(
    entry => `${usageOf(entry)}\n  ${entry[1].summary}\n${optionsHelp(entry[1].options, width)}\n`,
  )
  const examples = Object.values(SUBCOMMANDS).flatMap(({ examples: lines }) => lines)
  return `Usage: glassbox policy ${POLICY_SUBCOMMANDS.join('|')} …

${summary}

${parts.join('\n')}
Exit code 0, or 125 if a policy is invalid. docs/policies.md describes policies.

Examples:
${examples.map(line => `  ${line}\n`).join('')}`
}

function subcommandHelp(name: string, subcommand: Subcommand): string {
  const { summary: about, options: own, examples } = subcommand
  return `Usage: ${usageOf([name, subcommand])}

${about}

${optionsHelp(own, columns())}

Examples:
${examples.map(line => `  ${line}\n`).join('')}`
}

export async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words
  const known = POLICY_SUBCOMMANDS.join(', ')
  if (name === undefined)
    throw new InvalidOptionError('SUBCOMMAND', 'No subcommand was given.', `Use one of ${known}.`)
  const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined
  if (!subcommand) {
    const guess = nearest(name, POLICY_SUBCOMMANDS)
    throw new InvalidOptionError(
      'SUBCOMMAND',
      `glassbox policy has no subcommand ${name}.`,
      guess === undefined ? `Use one of ${known}.` : `Did you mean ${guess}?`,
    )
  }
  if (!hasFlag(subcommand.options, rest, '--help')) return subcommand.main(rest)
  stdout.write(subcommandHelp(name, subcommand))
  return 0
}
