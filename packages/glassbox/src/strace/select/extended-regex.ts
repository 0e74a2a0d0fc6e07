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

/** The most repetitions that regcomp(3) takes. */
const MOST_REPEATED = 0x7fff

/** Copies the source into JavaScript's notation. Throws a message. */
class Translation {
  readonly #source: string
  #at = 0
  #text = ''
  /** Where each open group begins in the text. */
  readonly #open: number[] = []
  #closed = 0
  /** Where what a repetition would repeat begins in the text; undefined: there is nothing. */
  #atom: number | undefined
  #isRepeated = false

  constructor(source: string) {
    this.#source = source
  }

  text(): string {
    while (this.#at < this.#source.length) this.#next()
    return this.#text
  }

  #next(): void {
    const letter = this.#source[this.#at++] ?? ''
    switch (letter) {
      case '{':
        this.#repeat(this.#bounds())
        return
      case '*':
      case '+':
      case '?':
        this.#repeat(letter)
        return
      case '(':
        // A group of JavaScript's own, as `(?!…)`, is a repetition of nothing in POSIX.
        this.#open.push(this.#text.length)
        this.#add(letter)
        this.#atom = undefined
        return
      case ')':
        this.#close()
        return
      case '|':
      case '^':
        this.#add(letter)
        this.#atom = undefined
        return
      case '\\':
        this.#add(letter + this.#escaped())
        return
      case '[':
        this.#add(this.#bracket())
        return
      default:
        this.#add(letter)
    }
  }

  #add(text: string): void {
    this.#atom = this.#text.length
    this.#isRepeated = false
    this.#text += text
  }

  #close(): void {
    const begin = this.#open.pop()
    // Without a group, it is an ordinary character.
    this.#add(begin === undefined ? '\\)' : ')')
    if (begin === undefined) return
    this.#closed++
    this.#atom = begin
  }

  #repeat(how: string): void {
    const from = this.#atom
    if (from === undefined) throw NOTHING_TO_REPEAT
    if (this.#isRepeated && how === '*' && this.#text.endsWith('*')) return
    // JavaScript repeats no repetition.
    if (this.#isRepeated) this.#text = `${this.#text.slice(0, from)}(?:${this.#text.slice(from)})`
    this.#text += how
    this.#isRepeated = true
  }

  #escaped(): string {
    const letter = this.#source[this.#at++] ?? ''
    if (/[1-9]/.test(letter) && Number(letter) > this.#closed) throw 'Invalid back reference'
    return letter
  }

  /** `{2}`, `{2,}`, `{,2}`, `{2,3}` */
  #bounds(): string {
    if (this.#atom === undefined) throw NOTHING_TO_REPEAT
    const [whole, least = '', upTo, most = ''] = /^(\d*)(,(\d*))?\}/.exec(this.#source.slice(this.#at)) ?? []
    if (whole === undefined) throw 'Unmatched \\{'
    if (Math.max(Number(least), Number(most)) > MOST_REPEATED) throw 'Regular expression too big'
    this.#at += whole.length
    return upTo === undefined ? `{${least}}` : `{${least || 0},${most}}`
  }

  /** `[^]a[:digit:]-z]`: a bracket that comes first is an ordinary character. */
  #bracket(): string {
    if (this.#at === this.#source.length) throw 'Invalid regular expression'
    const negated = this.#source[this.#at] === '^' ? '^' : ''
    this.#at += negated.length
    let text = ''
    for (let isFirst = true; ; isFirst = false) {
      const letter = this.#source[this.#at]
      if (letter === undefined) throw UNMATCHED_BRACKET
      if (letter === ']' && !isFirst) {
        this.#at++
        return `[${negated}${text}]`
      }
      text += this.#member()
    }
  }

  /** A character, a class of them, or a range. */
  #member(): string {
    const { text, isClass } = this.#element()
    const after = this.#source[this.#at + 1]
    if (this.#source[this.#at] !== '-' || after === ']' || after === undefined) return text
    this.#at++
    const last = this.#element()
    if (isClass || last.isClass) throw 'Invalid range end'
    return `${text}-${last.text}`
  }

  #element(): { readonly text: string; readonly isClass: boolean } {
    const [named, kind, name = ''] = /^\[([:.=])([^\]]*)\1\]/.exec(this.#source.slice(this.#at)) ?? []
    if (named === undefined) {
      const letter = this.#source[this.#at++] ?? ''
      if (letter === '[' && /^[:.=]/.test(this.#source[this.#at] ?? '')) throw UNMATCHED_BRACKET
      return { text: literal(letter), isClass: false }
    }
    this.#at += named.length
    if (kind !== ':') {
      if (name.length !== 1) throw 'Invalid collation character'
      return { text: literal(name), isClass: false }
    }
    const members = CLASSES[name]
    if (members === undefined) throw 'Invalid character class name'
    return { text: members, isClass: true }
  }
}

const NOTHING_TO_REPEAT = 'Invalid preceding regular expression'
const UNMATCHED_BRACKET = 'Unmatched [, [^, [:, [., or [='

/** A character between brackets, where some have a meaning in JavaScript alone. */
const literal = (letter: string): string => (/[[\]\\^-]/.test(letter) ? `\\${letter}` : letter)

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
