/**
 * getopt_long(3) as C programs have it, for commands whose users know it: bundled letters, values
 * in the same word or the next, long names shortened to an unambiguous prefix, `=value`. Option
 * parsing stops at the first word that is not an option, or passes over such words (`permute`).
 * Messages are those of the C library.
 */

export type Takes = 'nothing' | 'value' | 'optional'

export interface LongOption {
  readonly name: string
  readonly takes: Takes
  /** True: it cannot be shortened, and makes no other name ambiguous. */
  readonly exact?: boolean
  /** True: a short form means it only if that is the short form of no other name. */
  readonly newer?: boolean
  /** Names with the same word here mean the same, so a short form of both is not ambiguous. */
  readonly meaning?: string
}

export interface GetoptSpec {
  /** Whether each letter takes a value. An optional one stands in the same word. */
  readonly letters: Readonly<Record<string, Takes>>
  readonly long: readonly LongOption[]
  /** Options may follow words that are none. */
  readonly permute?: boolean
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
  const rest: string[] = []
  for (const found of eachOption(words, spec)) {
    if (typeof found === 'string') rest.push(found)
    else options.push(found)
  }
  return { options, rest }
}

/**
 * The options and the other words, as they come. So what an option does can happen before an error
 * in a later word is found.
 */
export function* eachOption(
  words: readonly string[],
  spec: GetoptSpec,
): Generator<ParsedOption | string, void, undefined> {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const isOther = !word.startsWith('-') || word === '-'
    if (word === '--' || (isOther && spec.permute !== true)) {
      yield* words.slice(word === '--' ? at + 1 : at)
      return
    }
    if (isOther) {
      yield word
      continue
    }
    const next = words[at + 1]
    const usedNext = word.startsWith('--') ? yield* long(word, next, spec) : yield* letters(word, next, spec)
    if (usedNext) at++
  }
}

/** Returns true if the next word was the value. */
function* long(
  word: string,
  next: string | undefined,
  spec: GetoptSpec,
): Generator<ParsedOption, boolean, undefined> {
  const equals = word.indexOf('=')
  const given = equals < 0 ? word.slice(2) : word.slice(2, equals)
  const attached = equals < 0 ? undefined : word.slice(equals + 1)
  const { name, takes } = find(given, word, spec)
  if (takes === 'nothing' && attached !== undefined)
    throw spec.fail(`option '--${name}' doesn't allow an argument`)
  if (takes !== 'value' || attached !== undefined) {
    yield { name: `--${name}`, value: attached }
    return false
  }
  if (next === undefined) throw spec.fail(`option '--${name}' requires an argument`)
  yield { name: `--${name}`, value: next }
  return true
}

function find(given: string, word: string, { long: known, fail }: GetoptSpec): LongOption {
  const whole = known.find(({ name }) => name === given)
  if (whole) return whole
  const possible = known.filter(({ name, exact = false }) => !exact && name.startsWith(given))
  const older = possible.filter(({ newer = false }) => !newer)
  const [first, ...rest] = older.length > 0 ? older : possible
  if (!first) throw fail(`unrecognized option '${word}'`)
  const others = rest.filter(({ takes, meaning }) => {
    return takes !== first.takes || meaning === undefined || meaning !== first.meaning
  })
  if (others.length === 0) return first
  const names = [first, ...others].map(({ name }) => `'--${name}'`).join(' ')
  throw fail(`option '${word}' is ambiguous; possibilities: ${names}`)
}

function* letters(
  word: string,
  next: string | undefined,
  spec: GetoptSpec,
): Generator<ParsedOption, boolean, undefined> {
  for (let at = 1; at < word.length; at++) {
    const name = word[at] ?? ''
    const takes = spec.letters[name]
    if (takes === undefined) throw spec.fail(`invalid option -- '${name}'`)
    if (takes === 'nothing') {
      yield { name, value: undefined }
      continue
    }
    const attached = word.slice(at + 1)
    if (attached !== '' || takes === 'optional') {
      yield { name, value: attached === '' ? undefined : attached }
      return false
    }
    if (next === undefined) throw spec.fail(`option requires an argument -- '${name}'`)
    yield { name, value: next }
    return true
  }
  return false
}
