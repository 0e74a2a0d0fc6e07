/** What the subcommands of `glassbox policy` have in common. */
import { InvalidOptionError } from '../../errors.ts'
import { PRESETS } from '../../policy/presets/presets.ts'
import type { ParsedOptions, OptionSpec } from '../options.ts'

export interface Subcommand {
  /** What follows the name in the usage line. */
  readonly usage: string
  readonly summary: string
  readonly examples: readonly string[]
  readonly options: readonly OptionSpec[]
  main(words: readonly string[]): Promise<number>
}

/** The one argument of a subcommand that takes a policy. */
export function onePolicy(command: string, { rest }: ParsedOptions): string {
  const [name, extra] = rest
  if (name === undefined)
    throw new InvalidOptionError(
      'POLICY',
      'No policy was given.',
      `Name a file or a preset: ${Object.keys(PRESETS).join(', ')}.`,
    )
  if (extra !== undefined)
    throw new InvalidOptionError(
      'POLICY',
      `policy ${command} takes one policy, but ${extra} was given too.`,
      'Options come before the policy.',
    )
  return name
}
