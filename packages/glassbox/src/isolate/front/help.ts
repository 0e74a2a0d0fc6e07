/** The texts of `--help` and `--version`. */
import type { Dialect } from '../types.ts'
import { type IsolateOption, OPTIONS } from './option-table.ts'

const TITLES: Readonly<Record<IsolateOption['group'], string>> = {
  commands: 'Commands (exactly one)',
  box: 'The box',
  program: 'What the program gets (--run)',
  limits: 'Limits (--run); 0 is no limit if nothing else is said',
  reports: 'Reports',
}
const COLUMN = 34

/** The version of isolate whose behaviour a dialect has. */
const VERSIONS: Readonly<Record<Dialect, string>> = { '1': '1.10.1', '2': '2.6' }

/** Callers look for the first line. `own`: the version of glassbox. */
export const versionText = (dialect: Dialect, own: string): string =>
  `The process isolator ${VERSIONS[dialect]}
Made by glassbox ${own}, which takes the place of isolate; MIT License
`

export function helpText(): string {
  const parts = Object.entries(TITLES).map(
    ([group, title]) =>
      `${title}:\n${OPTIONS.filter(option => option.group === group)
        .map(lineOf)
        .join('\n')}`,
  )
  return `Usage: isolate [OPTION ...] COMMAND

${parts.join('\n\n')}

Sizes are in KiB, times in seconds with fractions. Long options can be shortened.
`
}

function lineOf({ letter, long, takes, value, help }: IsolateOption): string {
  const argument = takes === 'nothing' ? '' : takes === 'optional' ? `[=${value}]` : `=${value}`
  const name = `${letter === undefined ? '    ' : `-${letter}, `}--${long}${argument}`
  return `  ${name.padEnd(COLUMN)}${help}`
}
