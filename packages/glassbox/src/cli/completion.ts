/**
 * `glassbox completion SHELL`: prints completion for bash, zsh and fish, made from the tables of
 * options.
 */
import { InvalidOptionError } from '../errors.ts'
import { RUN_OPTIONS } from './run/options.ts'
import { PRESETS } from '../policy/presets/presets.ts'
import { POLICY_OPTIONS } from './policy/options.ts'
import { OPTIONS as ISOLATE_OPTIONS } from '../isolate/front/option-table.ts'
import { OPTION_WORDS } from './strace/options.ts'
import { COMMON_OPTIONS, type OptionSpec, optionsHelp, parseOptions } from './options.ts'
import { stdout } from './output.ts'

export const summary = 'Print completion for bash, zsh or fish.'

const COMMANDS = 'run strace doctor policy kernel isolate completion help'

/** The options of each command. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  run: RUN_OPTIONS.map(({ name }) => name),
  strace: OPTION_WORDS,
  doctor: ['--json', '--help', '--version'],
  kernel: ['--json', '--help', '--version'],
  isolate: ISOLATE_OPTIONS.map(({ long }) => `--${long}`),
  policy: [...new Set(Object.values(POLICY_OPTIONS).flatMap(each => each.map(({ name }) => name)))],
}

/** The values of an option like `none|host`. */
const CHOICES = RUN_OPTIONS.flatMap(({ name, value = '' }) =>
  /^[a-z]+(\|[a-z]+)+$/.test(value) ? [[name, value.split('|')] as const] : [],
)

const presets = Object.keys(PRESETS).join(' ')
const subcommands = Object.keys(POLICY_OPTIONS).join(' ')

const bashOptions = Object.entries(WORDS).map(
  ([command, words]) => `${command}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word"));;`,
)
const bashChoices = CHOICES.map(
  ([name, values]) => `${name}) COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$word")); return;;`,
)

const BASH = `_glassbox() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W '${COMMANDS}' -- "$word")); return; fi
  if [ "\${COMP_WORDS[1]} $COMP_CWORD" = 'policy 2' ]; then COMPREPLY=($(compgen -W '${subcommands}' -- "$word")); return; fi
  case "\${COMP_WORDS[COMP_CWORD-1]}" in --policy|show|explain) COMPREPLY=($(compgen -W '${presets}' -- "$word") $(compgen -f -- "$word")); return;; ${bashChoices.join(' ')} esac
  if [[ "$word" == -* ]]; then
    case "\${COMP_WORDS[1]}" in ${bashOptions.join(' ')} esac
  else COMPREPLY=($(compgen -f -- "$word") $(compgen -c -- "$word")); fi
}
complete -F _glassbox glassbox
`

const fishRun = RUN_OPTIONS.map(({ name, help: text, value = '' }) => {
  const choices = CHOICES.some(([option]) => option === name) ? ` -xa '${value.replaceAll('|', ' ')}'` : ''
  return `complete -c glassbox -n '__fish_seen_subcommand_from run' -l ${name.slice(2)}${choices} -d ${JSON.stringify(text)}`
})
const fishStrace = OPTION_WORDS.map(
  word =>
    `complete -c glassbox -n '__fish_seen_subcommand_from strace' ${word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`}`,
)

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: BASH,
  zsh: `autoload -U +X bashcompinit && bashcompinit\n${BASH}`,
  fish: [
    `complete -c glassbox -n __fish_use_subcommand -a '${COMMANDS}'`,
    ...fishRun,
    ...fishStrace,
    `complete -c glassbox -n '__fish_seen_subcommand_from policy' -a '${subcommands}'`,
    '',
  ].join('\n'),
}

export const options: readonly OptionSpec[] = COMMON_OPTIONS

export function help(width: number): string {
  return `Usage: glassbox completion bash|zsh|fish\n\n${summary}\n\n${optionsHelp(options, width)}\n\nExample:\n  source <(glassbox completion bash)\n`
}

const WHICH = 'Specify a shell: bash, zsh or fish. For example: source <(glassbox completion bash)'

export async function main(words: readonly string[]): Promise<number> {
  const { rest } = parseOptions('completion', options, words)
  const [shell, extra] = rest
  if (shell === undefined) throw new InvalidOptionError('SHELL', 'No shell was given.', WHICH)
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (script === undefined)
    throw new InvalidOptionError('SHELL', `There is no completion for ${shell}.`, WHICH)
  if (extra !== undefined)
    throw new InvalidOptionError('SHELL', `completion takes one shell, but ${extra} was given too.`, WHICH)
  stdout.write(script)
  return 0
}
