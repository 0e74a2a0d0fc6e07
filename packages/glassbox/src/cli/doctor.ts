/**
 * `glassbox doctor`: shows what this host offers, what that means, and how to fix what is
 * missing.
 */
import { InvalidOptionError } from '../errors.ts'
import { diagnose } from '../doctor/doctor.ts'
import type { Row } from '../doctor/row.ts'
import { printable } from '../printable.ts'
import { COMMON_OPTIONS, type OptionSpec, optionsHelp, parseOptions } from './options.ts'
import { stdout } from './output.ts'
import { paint } from './terminal.ts'

export const summary = 'Show what this host offers for running programs, and how to fix what is missing.'

export const options: readonly OptionSpec[] = [
  { name: '--json', help: 'Print the findings as one JSON document.' },
  ...COMMON_OPTIONS,
]

export function help(width: number): string {
  return `Usage: glassbox doctor [--json]\n\n${summary}\nExit code 0 if the namespace runner works for this user, 1 if not.\n\n${optionsHelp(options, width)}\n`
}

const MARKS = { yes: ['green', '✓'], partly: ['yellow', '~'], no: ['red', '✗'] } as const

function rowText({ subject, found, state, meaning, fix }: Row): string {
  const [style, mark] = MARKS[state]
  const lines = [`${paint(stdout, style, mark)} ${subject}: ${printable(found)}`, `    ${printable(meaning)}`]
  return [...lines, ...(fix === undefined ? [] : [`    fix: ${printable(fix)}`])].join('\n')
}

export async function main(words: readonly string[]): Promise<number> {
  const { flags, rest } = parseOptions('doctor', options, words)
  if (rest[0] !== undefined)
    throw new InvalidOptionError(rest[0], `doctor takes no argument, got ${rest[0]}.`)
  const diagnosis = await diagnose()
  if (flags.has('--json')) stdout.write(`${JSON.stringify(diagnosis)}\n`)
  else {
    const text = (rows: readonly Row[]): string => rows.map(rowText).join('\n')
    stdout.write(`This host\n${text(diagnosis.rows)}\n\nRunners\n${text(diagnosis.runners)}\n`)
  }
  return diagnosis.ok ? 0 : 1
}
