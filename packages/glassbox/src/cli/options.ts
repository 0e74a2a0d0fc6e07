/**
 * Table-driven options: one list of a command's options gives the parser, its errors, the help
 * text and docs/cli.md.
 *
 * Grammar: `--name value` or `--name=value`; flags take no value. `--`, or the first word that is
 * not an option, ends the options. All words after it belong to the program and are not changed.
 * If an option is given twice, the last one counts, as in GNU tools; options that are lists
 * (`repeated`) keep all values.
 */
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'

export interface OptionSpec {
  readonly name: string
  /** The placeholder of its value; absent for a flag. */
  readonly value?: string
  /** May be given several times. */
  readonly repeated?: boolean
  readonly help: string
  /**
   * Names that other tools use for it. They are not accepted, but the error suggests this option.
   */
  readonly elsewhere?: readonly string[]
  /** Shown in the help. */
  readonly default?: string
}

export interface ParsedOptions {
  readonly flags: ReadonlySet<string>
  /** For options that are not lists, only the last value is kept. */
  readonly values: ReadonlyMap<string, readonly string[]>
  /** The value of an option; if it has several, the last one. */
  readonly lastOf: (name: string) => string | undefined
  /** The program and its arguments. */
  readonly rest: readonly string[]
}

/** Letters that every command accepts. */
const SHORT: Readonly<Record<string, string>> = { '-h': '--help', '-V': '--version' }

const lookUp = (specs: readonly OptionSpec[], word: string): OptionSpec | undefined =>
  specs.find(({ name }) => name === (SHORT[word] ?? word))

/** Whether a flag is among the options, even if other options are wrong. */
export function hasFlag(specs: readonly OptionSpec[], words: readonly string[], flag: string): boolean {
  if (!specs.some(({ name }) => name === flag)) return false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--' || word === '-' || !word.startsWith('-')) return false
    const spec = lookUp(specs, word)
    if (spec?.name === flag) return true
    if (spec?.value !== undefined && !words[at + 1]?.startsWith('--')) at++
  }
  return false
}

function find(command: string, specs: readonly OptionSpec[], word: string): OptionSpec {
  const spec = lookUp(specs, word)
  if (spec) return spec
  // `-m64m`: a letter with its value.
  const typed = /^-\w/.test(word) ? word.slice(0, 2) : word
  const named = specs.find(({ elsewhere }) => elsewhere?.includes(typed))?.name
  const names = specs.map(({ name }) => name)
  const guess = named ?? nearest(word, names)
  const help = `"glassbox ${command} --help" lists the options.`
  throw new InvalidOptionError(
    word,
    `Unknown option ${word}.`,
    guess ? `Did you mean ${guess}? ${help}` : help,
  )
}

export function parseOptions(
  command: string,
  specs: readonly OptionSpec[],
  words: readonly string[],
): ParsedOptions {
  const flags = new Set<string>()
  const values = new Map<string, string[]>()
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--') {
      at++
      break
    }
    if (!word.startsWith('-') || word === '-') break
    const equals = word.indexOf('=')
    const spec = find(command, specs, equals < 0 ? word : word.slice(0, equals))
    const { name } = spec
    if (spec.value === undefined) {
      if (equals >= 0) throw new InvalidOptionError(name, `${name} takes no value.`, `Write ${name} alone.`)
      flags.add(name)
      continue
    }
    const value = equals < 0 ? words[++at] : word.slice(equals + 1)
    if (value === undefined || (equals < 0 && value.startsWith('--'))) {
      throw new InvalidOptionError(
        name,
        `${name} needs a value.`,
        `Write ${name} ${spec.value}, or ${name}=… for a value that begins with a dash.`,
      )
    }
    const before = spec.repeated ? (values.get(name) ?? []) : []
    values.set(name, [...before, value])
  }
  return { flags, values, lastOf: name => values.get(name)?.at(-1), rest: words.slice(at) }
}

/** Options that `start.ts` answers for every command that has a table of options. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: '--help', help: 'Print this help.' },
  { name: '--version', help: 'Print the version of glassbox.' },
]

const COLUMN = 30

/** Breaks a sentence into lines of at most `width` characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** The name of an option and its value, on two lines if one is too long. */
const head = (left: string, columns: number): string[] =>
  left.length <= columns ? [left] : left.replace(/(\S) /, '$1\n    ').split('\n')

/** The options as a table for a terminal of `columns` columns. */
export function optionsHelp(specs: readonly OptionSpec[], columns = 80): string {
  return specs
    .map(spec => {
      const left = `  ${spec.name}${spec.value === undefined ? '' : ` ${spec.value}`}`
      const text = spec.default === undefined ? spec.help : `${spec.help} Default: ${spec.default}.`
      const narrow = columns < 60
      const lines = wrap(text, Math.max(24, columns - (narrow ? 6 : COLUMN)))
      if (narrow || left.length >= COLUMN - 1)
        return [...head(left, columns), ...lines.map(line => ' '.repeat(narrow ? 6 : COLUMN) + line)].join(
          '\n',
        )
      return lines
        .map((line, index) => (index === 0 ? left.padEnd(COLUMN) : ' '.repeat(COLUMN)) + line)
        .join('\n')
    })
    .join('\n')
}
