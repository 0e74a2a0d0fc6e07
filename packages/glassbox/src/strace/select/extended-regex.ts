/**
 * Extended regular expressions of POSIX, as regcomp(3) understands them. Almost all of them mean
 * the same in JavaScript; what is an error, and its message, is POSIX's. Pure.
 */

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
}

/** V8's messages, of which each contains one of these words, in those of glibc. */
const MESSAGES: readonly (readonly [word: string, message: string])[] = [
  ['Unterminated group', 'Unmatched ( or \\('],
  ['Nothing to repeat', 'Invalid preceding regular expression'],
  ['at end of pattern', 'Trailing backslash'],
  ['out of order in character class', 'Invalid range end'],
  ['numbers out of order', 'Invalid content of \\{\\}'],
  ['Unterminated character class', 'Unmatched [, [^, [:, [., or [='],
]

/** Copies the source into JavaScript's notation. Throws a message. */
class Translation {
  readonly #source: string
  #at = 0
  #open = 0

  constructor(source: string) {
    this.#source = source
  }

  text(): string {
    let text = ''
    while (this.#at < this.#source.length) text += this.#next()
    return text
  }

  #next(): string {
    const letter = this.#source[this.#at++] ?? ''
    if (letter === '\\') return letter + (this.#source[this.#at++] ?? '')
    if (letter === '[') return this.#bracket()
    if (letter === '(') this.#open++
    // A group of JavaScript's own, as `(?!…)`, is a repetition of nothing in POSIX.
    if (letter === '(' && this.#source[this.#at] === '?') throw 'Invalid preceding regular expression'
    // Without a group, it is an ordinary character.
    if (letter === ')') return this.#open-- > 0 ? letter : '\\)'
    if (letter === '{' && !/^\d*(,\d*)?\}/.test(this.#source.slice(this.#at))) throw 'Unmatched \\{'
    // Repeating a repetition changes nothing.
    if (letter === '*') while (this.#source[this.#at] === '*') this.#at++
    return letter
  }

  /** `[^]a[:digit:]-z]`: a bracket that comes first is an ordinary character. */
  #bracket(): string {
    if (this.#at === this.#source.length) throw 'Invalid regular expression'
    const [, negated = '', first = ''] = /^(\^?)(\]?)/.exec(this.#source.slice(this.#at)) ?? []
    this.#at += negated.length + first.length
    let text = `[${negated}${first === '' ? '' : '\\]'}`
    for (;;) {
      const letter = this.#source[this.#at]
      if (letter === undefined) throw 'Unmatched [, [^, [:, [., or [='
      const [named, name = ''] = /^\[:(\w*):\]/.exec(this.#source.slice(this.#at)) ?? []
      this.#at += named?.length ?? 1
      if (named !== undefined) {
        const members = CLASSES[name]
        if (members === undefined) throw 'Invalid character class name'
        text += members
      } else if (letter === ']') return `${text}]`
      else text += letter === '[' || letter === '\\' ? `\\${letter}` : letter
    }
  }
}

/** The expression, or why it is none, in the words of regerror(3). */
export function extendedRegex(source: string): RegExp | string {
  try {
    return new RegExp(new Translation(source).text())
  } catch (error) {
    if (typeof error === 'string') return error
    const text = error instanceof Error ? error.message : ''
    return MESSAGES.find(([word]) => text.includes(word))?.[1] ?? 'Invalid regular expression'
  }
}
