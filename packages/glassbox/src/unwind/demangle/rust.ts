/**
 * Demangles Rust's names (RFC 2603): `_RNvCs1234_7mycrate3foo`. Hashes of crates and types of
 * constants are left out, as libiberty does. Back references read the same letters again, so a
 * name could grow without bounds; such a name is given up.
 */
import { punycode } from './punycode.ts'

const BASICS: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
}
const POINTERS: Readonly<Record<string, string>> = { P: '*const ', O: '*mut ' }
const DEEPEST = 400
const LONGEST = 1 << 16
/** The digits are base 62: 0-9, a-z, A-Z. */
const NUMBER = /([0-9a-zA-Z]*)_/y
const SUFFIX = /^[.$]/

export function rustName(symbol: string): string | undefined {
  if (!symbol.startsWith('_R')) return undefined
  const reader = new Reader(symbol.slice(2))
  try {
    const name = reader.path(true)
    const rest = reader.rest
    // The crate that instantiated the function is not shown.
    if (rest !== '' && !SUFFIX.test(rest)) reader.path(false)
    return reader.rest === '' || SUFFIX.test(reader.rest) ? name : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0
  #length = 0
  /** How many lifetimes are bound in the enclosing scopes. */
  #lifetimes = 0

  constructor(text: string) {
    this.#text = text
  }

  get rest(): string {
    return this.#text.slice(this.#at)
  }

  #fail(): never {
    throw new RangeError('not a name of Rust')
  }

  #take(): string {
    return this.#text[this.#at++] ?? this.#fail()
  }

  #takes(letter: string): boolean {
    if (this.#text[this.#at] !== letter) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text) ?? this.#fail()
    this.#at = pattern.lastIndex
    return found
  }

  #number(): number {
    const [, digits = ''] = this.#match(NUMBER)
    if (digits === '') return 0
    return Array.from(digits).reduce((value, digit) => value * 62 + digitOf(digit), 0) + 1
  }

  #optionalNumber(letter: string): number {
    return this.#takes(letter) ? this.#number() + 1 : 0
  }

  #identifier(): string {
    const isEncoded = this.#takes('u')
    const length = Number(this.#match(/0|[1-9]\d*/y)[0])
    this.#takes('_')
    const text = this.#text.slice(this.#at, this.#at + length)
    if (text.length < length) this.#fail()
    this.#at += length
    return isEncoded ? punycode(text) : text
  }

  /** Reads the target of a back reference, or what comes next. */
  #nested(read: () => string): string {
    if (++this.#depth > DEEPEST) this.#fail()
    const from = this.#at
    let text: string
    if (this.#takes('B')) {
      const target = this.#number()
      if (target >= from) this.#fail()
      const after = this.#at
      this.#at = target
      text = this.#nested(read)
      this.#at = after
    } else text = read()
    this.#depth--
    if (text.length > LONGEST || (this.#length += 1) > LONGEST) this.#fail()
    return text
  }

  #untilEnd(read: () => string): string[] {
    const items: string[] = []
    while (!this.#takes('E')) items.push(read())
    return items
  }

  /** `isValue`: type arguments are preceded by `::`, as in an expression. */
  path(isValue: boolean): string {
    return this.#nested(() => this.#path(isValue))
  }

  #path(isValue: boolean): string {
    switch (this.#take()) {
      case 'C':
        this.#optionalNumber('s')
        return this.#identifier()
      case 'N':
        return this.#member(isValue)
      case 'M':
        this.#implementation()
        return `<${this.#type()}>`
      case 'X':
        this.#implementation()
        return `<${this.#type()} as ${this.path(false)}>`
      case 'Y':
        return `<${this.#type()} as ${this.path(false)}>`
      case 'I': {
        const name = this.path(isValue)
        const args = this.#untilEnd(() => this.#argument())
        return `${name}${isValue ? '::' : ''}<${args.join(', ')}>`
      }
      default:
        return this.#fail()
    }
  }

  #implementation(): void {
    this.#optionalNumber('s')
    this.path(false)
  }

  #member(isValue: boolean): string {
    const space = this.#take()
    const outer = this.path(isValue)
    const number = this.#optionalNumber('s')
    const name = this.#identifier()
    if (space >= 'a') return name === '' ? outer : `${outer}::${name}`
    const kind = { C: 'closure', S: 'shim' }[space] ?? space
    return `${outer}::{${kind}${name === '' ? '' : `:${name}`}#${number}}`
  }

  #argument(): string {
    if (this.#takes('L')) return this.#lifetime(this.#number())
    return this.#takes('K') ? this.#constant() : this.#type()
  }

  #lifetime(index: number): string {
    if (index === 0) return "'_"
    const depth = this.#lifetimes - index
    if (depth < 0) this.#fail()
    return depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`
  }

  /** `for<'a> …` */
  #bound(read: () => string): string {
    const count = this.#optionalNumber('G')
    this.#lifetimes += count
    const names = Array.from({ length: Math.min(count, DEEPEST) }, (_, index) =>
      this.#lifetime(count - index),
    )
    const text = read()
    this.#lifetimes -= count
    return count === 0 ? text : `for<${names.join(', ')}> ${text}`
  }

  #type(): string {
    return this.#nested(() => this.#ownType())
  }

  #ownType(): string {
    const letter = this.#take()
    const basic = BASICS[letter]
    if (basic !== undefined) return basic
    const pointer = POINTERS[letter]
    if (pointer !== undefined) return pointer + this.#type()
    switch (letter) {
      case 'R':
      case 'Q':
        return this.#reference(letter === 'Q' ? 'mut ' : '')
      case 'A':
        return `[${this.#type()}; ${this.#constant()}]`
      case 'S':
        return `[${this.#type()}]`
      case 'T': {
        const types = this.#untilEnd(() => this.#type())
        return `(${types.join(', ')}${types.length === 1 ? ',' : ''})`
      }
      case 'F':
        return this.#bound(() => this.#signature())
      case 'D':
        return this.#object()
      default:
        this.#at--
        return this.path(false)
    }
  }

  #reference(mutable: string): string {
    const lifetime = this.#takes('L') ? this.#number() : 0
    return `&${lifetime === 0 ? '' : `${this.#lifetime(lifetime)} `}${mutable}${this.#type()}`
  }

  #signature(): string {
    const unsafe = this.#takes('U') ? 'unsafe ' : ''
    let abi = ''
    if (this.#takes('K'))
      abi = `extern "${this.#takes('C') ? 'C' : this.#identifier().replaceAll('_', '-')}" `
    const parameters = this.#untilEnd(() => this.#type()).join(', ')
    const result = this.#takes('u') ? '' : ` -> ${this.#type()}`
    return `${unsafe}${abi}fn(${parameters})${result}`
  }

  #object(): string {
    const traits = this.#bound(() => this.#untilEnd(() => this.#trait()).join(' + '))
    if (!this.#takes('L')) this.#fail()
    const lifetime = this.#number()
    return `dyn ${traits}${lifetime === 0 ? '' : ` + ${this.#lifetime(lifetime)}`}`
  }

  /** A trait, with its associated types among its arguments. */
  #trait(): string {
    const name = this.path(false)
    const types: string[] = []
    while (this.#takes('p')) types.push(`${this.#identifier()} = ${this.#type()}`)
    if (types.length === 0) return name
    return name.endsWith('>') ? `${name.slice(0, -1)}, ${types.join(', ')}>` : `${name}<${types.join(', ')}>`
  }

  #constant(): string {
    return this.#nested(() => {
      const letter = this.#take()
      if (letter === 'p') return '_'
      const [, sign = '', digits = ''] = this.#match(/(n?)([0-9a-f]*)_/y)
      const value = BigInt(`0x0${digits}`)
      if ('htmyojaslxni'.includes(letter)) return `${sign === '' ? '' : '-'}${value}`
      if (letter === 'b') return value === 0n ? 'false' : 'true'
      return letter === 'c' ? `'${String.fromCodePoint(Number(value))}'` : this.#fail()
    })
  }
}

function digitOf(digit: string): number {
  const code = digit.charCodeAt(0)
  if (code < 58) return code - 48
  return code >= 97 ? code - 87 : code - 29
}
