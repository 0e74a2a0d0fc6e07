/**
 * The options of `glassbox policy`, as tables. The parser, its errors, the help and completion are
 * made from them.
 */
import { COMMON_OPTIONS, type OptionSpec } from '../options.ts'

export const SHOW_OPTIONS: readonly OptionSpec[] = [
  { name: '--json', help: 'Print it as the JSON of a policy file, with everything that it extends.' },
  ...COMMON_OPTIONS,
]

export const EXPLAIN_OPTIONS: readonly OptionSpec[] = [
  { name: '--net', value: 'none|host', help: 'The network that the program would have.', default: 'none' },
  { name: '--json', help: 'Print the table as one JSON document.' },
  ...COMMON_OPTIONS,
]

export const LEARN_OPTIONS: readonly OptionSpec[] = [
  {
    name: '--output',
    elsewhere: ['-o', '--out', '--file'],
    value: 'FILE',
    help: 'Write the policy to a file.',
    default: 'stdout',
  },
  {
    name: '--env',
    elsewhere: ['-e'],
    value: 'NAME=VALUE',
    repeated: true,
    help: 'Set a variable. The others are those of glassbox run, with the current directory as HOME.',
  },
  {
    name: '--files',
    value: 'N',
    help: 'Grant a directory if the program used this many of its files; 0 for never.',
    default: '8',
  },
  ...COMMON_OPTIONS,
]

/** The options of each subcommand. */
export const POLICY_OPTIONS: Readonly<Record<string, readonly OptionSpec[]>> = {
  show: SHOW_OPTIONS,
  explain: EXPLAIN_OPTIONS,
  learn: LEARN_OPTIONS,
}
