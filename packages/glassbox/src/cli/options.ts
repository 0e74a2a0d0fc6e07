/**
 * Table-driven options: from one list of a command's options come the parser, its errors, the help text and docs/cli.md.
 *
 * Grammar: `--name value` or `--name=value`; flags take none; `--` or the first word that is no option ends the options, and
 * everything after it belongs to the program, untouched.
 */
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'

export interface OptionSpec {
  readonly name: string
  /** The placeholder of its value; a flag has none. */
  readonly value?: string
  /** May be given several times. */
  readonly repeated?: boolean
  readonly help: string
  /** Shown in the help. */
  readonly default?: string
}

export interface ParsedOptions {
  readonly flags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, readonly string[]>
  /** The program and its arguments. */
  readonly rest: readonly string[]
}

function find(command: string, specs: readonly OptionSpec[], word: string): OptionSpec {
  const spec = specs.find(({ name }) => name === word)
  if (spec) return spec
  const guess = nearest(
    word,
    specs.map(({ name }) => name),
  )
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
    const word = words[at] === '-h' ? '--help' : (words[at] ?? '')
    if (word === '--') {
      at++
      break
    }
    if (!word.startsWith('-') || word === '-') break
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    const spec = find(command, specs, name)
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
    const known = values.get(name)
    if (known && !spec.repeated)
      throw new InvalidOptionError(name, `${name} was given twice.`, 'Give it once.')
    values.set(name, [...(known ?? []), value])
  }
  return { flags, values, rest: words.slice(at) }
}

const COLUMN = 30

/** Breaks a sentence into lines of at most `width` letters. */
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

/** The options as a table for a terminal of `columns`. */
export function optionsHelp(specs: readonly OptionSpec[], columns = 80): string {
  return specs
    .map(spec => {
      const left = `  ${spec.name}${spec.value === undefined ? '' : ` ${spec.value}`}`
      const text = spec.default === undefined ? spec.help : `${spec.help} Default: ${spec.default}.`
      const narrow = columns < 60
      const lines = wrap(text, Math.max(24, columns - (narrow ? 6 : COLUMN)))
      if (narrow || left.length >= COLUMN - 1)
        return [left, ...lines.map(line => ' '.repeat(narrow ? 6 : COLUMN) + line)].join('\n')
      return lines
        .map((line, index) => (index === 0 ? left.padEnd(COLUMN) : ' '.repeat(COLUMN)) + line)
        .join('\n')
    })
    .join('\n')
}
