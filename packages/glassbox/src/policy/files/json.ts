/**
 * Reads JSON and remembers where each value stands, so that an error can name the line. Differs
 * from JSON.parse in three ways: a key that is given twice is an error, whole numbers above
 * 2 ** 53 are bigints, and `__proto__` is a key like any other.
 */

/** A value of JSON. Objects have no prototype. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json }

export interface JsonText {
  readonly value: Json
  /** The line of the value with that path, such as `policy.rules[0]`, or of what contains it. */
  lineOf(path: string): number
}

/** What is wrong with a text, and in which line. */
export class JsonError extends Error {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** Lists and objects may be nested so deep. */
const DEEPEST = 200

const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const WORDS: Readonly<Record<string, Json>> = { true: true, false: false, null: null }

class Reader {
  readonly #text: string
  readonly #lines = new Map<string, number>()
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(root: string): JsonText {
    const value = this.#value(root, 0)
    this.#space()
    if (this.#at < this.#text.length) throw this.#error('the end of the file')
    return { value, lineOf: path => this.#lineOf(path) }
  }

  #lineOf(path: string): number {
    for (let rest = path; rest !== ''; rest = rest.replace(/(?:\.[^.[\]]*|\[[^\]]*\]|^[^.[\]]+)$/, '')) {
      const line = this.#lines.get(rest)
      if (line !== undefined) return line
      if (!/[.[]/.test(rest)) break
    }
    return 1
  }

  #line(): number {
    return this.#text.slice(0, this.#at).split('\n').length
  }

  #error(expected: string): JsonError {
    const found = this.#at >= this.#text.length ? 'the end of the file' : this.#word()
    return new JsonError(`expected ${expected}, got ${found}`, this.#line())
  }

  /** The word at the current place, for messages. */
  #word(): string {
    return JSON.stringify(
      /^(?:[\w$.-]{1,30}|[^]{1})/.exec(this.#text.slice(this.#at, this.#at + 31))?.[0] ?? '',
    )
  }

  /** The text that matches here; the place is then behind it. */
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #space(): void {
    this.#match(SPACE)
  }

  #take(letter: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== letter) return false
    this.#at++
    return true
  }

  #value(path: string, depth: number): Json {
    if (depth > DEEPEST) throw new JsonError('lists and objects are nested too deep', this.#line())
    this.#space()
    this.#lines.set(path, this.#line())
    if (this.#take('{')) return this.#object(path, depth)
    if (this.#take('[')) return this.#list(path, depth)
    const text = this.#match(STRING)
    if (text !== undefined) return JSON.parse(text) as string
    const number = this.#match(NUMBER)
    if (number !== undefined) return wholeOrNot(number)
    const word = Object.keys(WORDS).find(each => this.#text.startsWith(each, this.#at))
    if (word === undefined) throw this.#error('a value')
    this.#at += word.length
    return WORDS[word] ?? null
  }

  #object(path: string, depth: number): Json {
    const object = Object.create(null) as { [key: string]: Json }
    if (this.#take('}')) return object
    do {
      this.#space()
      const line = this.#line()
      const text = this.#match(STRING)
      if (text === undefined) throw this.#error('a key in quotation marks')
      const key = JSON.parse(text) as string
      if (Object.hasOwn(object, key)) throw new JsonError(`the key ${text} is there twice`, line)
      if (!this.#take(':')) throw this.#error('a colon')
      object[key] = this.#value(`${path}.${key}`, depth + 1)
      // An error about a key is one about its line, also if the value begins in another one.
      this.#lines.set(`${path}.${key}`, line)
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#error('a comma or "}"')
    return object
  }

  #list(path: string, depth: number): Json {
    const list: Json[] = []
    if (this.#take(']')) return list
    do list.push(this.#value(`${path}[${list.length}]`, depth + 1))
    while (this.#take(','))
    if (!this.#take(']')) throw this.#error('a comma or "]"')
    return list
  }
}

function wholeOrNot(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(text) ? number : BigInt(text)
}

/**
 * Reads a text. Paths begin with `root`. Throws JsonError.
 *
 * @example
 * readJson('{"rules": []}', 'policy').lineOf('policy.rules') // 1
 */
export const readJson = (text: string, root: string): JsonText =>
  new Reader(text.replace(/^\ufeff/, '')).read(root)
