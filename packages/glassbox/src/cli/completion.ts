/** `glassbox completion SHELL`: completion for bash, zsh and fish, from the tables of options. */
import { InvalidOptionError } from '../errors.ts'
import { RUN_OPTIONS } from './run-options.ts'

export const summary = 'Print completion for bash, zsh or fish.'

const COMMANDS = 'run doctor completion help'
const names = RUN_OPTIONS.map(({ name }) => name).join(' ')

const BASH = `_glassbox() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W '${COMMANDS}' -- "$word"));
  elif [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W '${names}' -- "$word"));
  else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -F _glassbox glassbox
`

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: BASH,
  zsh: `autoload -U +X bashcompinit && bashcompinit\n${BASH}`,
  fish: `complete -c glassbox -n __fish_use_subcommand -a '${COMMANDS}'
${RUN_OPTIONS.map(({ name, help: text }) => `complete -c glassbox -n '__fish_seen_subcommand_from run' -l ${name.slice(2)} -d ${JSON.stringify(text)}`).join('\n')}
`,
}

export function help(): string {
  return `Usage: glassbox completion bash|zsh|fish\n\n${summary}\n\nExample:\n  source <(glassbox completion bash)\n`
}

export async function main([shell]: readonly string[]): Promise<number> {
  if (shell === '--help') {
    process.stdout.write(help())
    return 0
  }
  const script = SCRIPTS[shell ?? '']
  if (script === undefined)
    throw new InvalidOptionError(
      'SHELL',
      `There is no completion for ${shell ?? 'no shell'}.`,
      'Choose bash, zsh or fish.',
    )
  process.stdout.write(script)
  return 0
}
