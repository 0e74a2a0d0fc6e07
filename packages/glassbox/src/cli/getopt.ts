/**
 * getopt_long(3) as C programs have it, for commands whose users know it: bundled letters, values
 * in the same word or the next, long names shortened to an unambiguous prefix, `=value`. Option
 * parsing stops at the first word that is not an option. Messages are those of the C library.
 */

export type Takes = 'nothing' | 'value' | 'optional'

export interface LongOption {
  readonly name: string
  readonly takes: Takes
}

export interface GetoptSpec {
  /** Whether each letter takes a value. Only long names can have optional values. */
  readonly letters: Readonly<Record<string, Exclude<Takes, 'optional'>>>
  readonly long: readonly LongOption[]
  /** Makes the error for a message. */
  readonly fail: (message: string) => Error
}

/** A letter, or the whole long name with its dashes. */
export interface ParsedOption {
  readonly name: string
  readonly value: string | undefined
}

export interface ParsedWords {
  readonly options: readonly ParsedOption[]
  readonly rest: readonly string[]
}

export function getopt(words: readonly string[], spec: GetoptSpec): ParsedWords {
  const options: ParsedOption[] = []
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--') return { options, rest: words.slice(at + 1) }
    if (!word.startsWith('-') || word === '-') break
    const next = words[at + 1]
    const usedNext = word.startsWith('--')
      ? long(word, next, spec, options)
      : letters(word, next, spec, options)
    if (usedNext) at++
  }
  return { options, rest: words.slice(at) }
}

/** Returns true if the next word was the value. */
function long(word: string, next: string | undefined, spec: GetoptSpec, options: ParsedOption[]): boolean {
  const equals = word.indexOf('=')
  const given = equals < 0 ? word.slice(2) : word.slice(2, equals)
  const attached = equals < 0 ? undefined : word.slice(equals + 1)
  const { name, takes } = find(given, word, spec)
  if (takes === 'nothing' && attached !== undefined)
    throw spec.fail(`option '--${name}' doesn't allow an argument`)
  if (takes !== 'value' || attached !== undefined) {
    options.push({ name: `--${name}`, value: attached })
    return false
  }
  if (next === undefined) throw spec.fail(`option '--${name}' requires an argument`)
  options.push({ name: `--${name}`, value: next })
  return true
}

function find(given: string, word: string, { long: known, fail }: GetoptSpec): LongOption {
  const exact = known.find(({ name }) => name === given)
  if (exact) return exact
  const possible = known.filter(({ name }) => name.startsWith(given))
  const [only, ...others] = possible
  if (!only) throw fail(`unrecognized option '${word}'`)
  if (others.length === 0) return only
  const names = possible.map(({ name }) => `'--${name}'`).join(' ')
  throw fail(`option '${word}' is ambiguous; possibilities: ${names}`)
}

function letters(word: string, next: string | undefined, spec: GetoptSpec, options: ParsedOption[]): boolean {
  for (let at = 1; at < word.length; at++) {
    const name = word[at] ?? ''
    const takes = spec.letters[name]
    if (takes === undefined) throw spec.fail(`invalid option -- '${name}'`)
    if (takes === 'nothing') {
      options.push({ name, value: undefined })
      continue
    }
    const attached = word.slice(at + 1)
    if (attached !== '') {
      options.push({ name, value: attached })
      return false
    }
    if (next === undefined) throw spec.fail(`option requires an argument -- '${name}'`)
    options.push({ name, value: next })
    return true
  }
  return false
}
