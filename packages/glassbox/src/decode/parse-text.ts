/**
 * Parses strace's notation: the text that a printer made of a struct, an address or a list
 * becomes a value. So there is one decoder for text and for values, and everything that has a
 * text also has a value. Strings must have all their bytes in hexadecimal.
 */
import { AT_FDCWD } from '../linux/constants.ts'
import { constantSet, SET_NAMES } from '../linux/flags.ts'
import { signalName } from '../linux/signals.ts'
import { MODE_NAMES } from './basic/modes.ts'
import type { Value } from './types.ts'

type Fields = Record<string, Value>

const LAST_SIGNAL = 64
const SIGNALS: ReadonlyMap<string, string> = new Map(
  Array.from({ length: LAST_SIGNAL }, (_, index) => signalName(index + 1)).map(name => [name.slice(3), name]),
)

/** Members that are bytes; other strings are text. */
const BYTES: ReadonlySet<string> = new Set(['iov_base'])
/** Members that are flags even if none is set, which their text alone does not show. */
const IS_SET = /(flags?|events|mask)$/

/** Names that can be combined with others: one of them alone is also a list. */
let flags: ReadonlySet<string> | undefined

function isFlag(name: string): boolean {
  flags ??= new Set(
    SET_NAMES.map(constantSet).flatMap(set =>
      set?.kind === 'flags' ? set.entries.map(([entry]) => entry) : [],
    ),
  )
  return flags.has(name)
}

/** Names that stand for numbers. */
const CONSTANTS: Readonly<Record<string, Value>> = {
  NULL: null,
  AT_FDCWD,
  RLIM64_INFINITY: Infinity,
  ...MODE_NAMES,
}

const utf8 = new TextDecoder()

/** A number if that is exact. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The value that a text stands for, or the text itself if it is not in this notation. */
export function parseText(text: string, asBytes = false): Value {
  const reader = new Reader(text)
  const value = reader.value(asBytes)
  return value !== undefined && reader.isAtEnd ? value : text
}

/** The names in `A|B|0x8`, without parts that have no known name. */
export function readNames(text: string): readonly string[] {
  const plain = text.replace(/ \/\*.*$/, '')
  return plain === '0' ? [] : plain.split('|')
}

/**
 * Parses from left to right. Each function returns `undefined` if it does not understand the
 * text.
 */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length
  }

  value(asBytes: boolean): Value | undefined {
    const value = this.#single(asBytes)
    this.#take(/ \/\*.*?\*\//y)
    // The previous value, and the value that the kernel wrote.
    return this.#take(/ => /y) ? this.value(asBytes) : value
  }

  #single(asBytes: boolean): Value | undefined {
    if (this.#take(/"/y)) return this.#string(asBytes)
    if (this.#take(/\{/y)) return this.#record()
    if (this.#take(/~\[/y)) return this.#otherSignals()
    if (this.#take(/\[/y)) return this.#list(/\]/y)
    return this.#words()
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #string(asBytes: boolean): Value {
    const quoted = this.#take(/[^"]*/y) ?? ''
    this.#take(/"(\.\.\.)?/y)
    const isEscaped = quoted.startsWith('\\x')
    const bytes = isEscaped ? Buffer.from(quoted.replaceAll('\\x', ''), 'hex') : Buffer.from(quoted, 'latin1')
    return asBytes ? new Uint8Array(bytes) : utf8.decode(bytes)
  }

  #list(end: RegExp): readonly Value[] | undefined {
    const values: Value[] = []
    while (this.#take(end) === undefined) {
      this.#take(/,? /y)
      if (this.#take(/\.\.\./y)) continue
      this.#take(/\[\w+\]=/y) // the index; elements are in order
      const value = this.value(false)
      if (value === undefined) return undefined
      values.push(typeof value === 'string' ? (SIGNALS.get(value) ?? value) : value)
    }
    return values
  }

  #otherSignals(): readonly Value[] | undefined {
    const without = this.#list(/\]/y)
    return without && [...SIGNALS.values()].filter(name => !without.includes(name))
  }

  #record(): Fields | undefined {
    const fields: Fields = {}
    while (this.#take(/\}/y) === undefined) {
      this.#take(/, /y)
      if (this.#take(/\.\.\./y)) continue
      const name = this.#take(/\w+(?==)/y)
      if (name === undefined) {
        const filled = this.#filledField()
        if (!filled) return undefined
        Object.assign(fields, filled)
        continue
      }
      this.#take(/=/y)
      const value = this.#take(/(?=[,}])/y) === undefined ? this.value(BYTES.has(name)) : []
      if (value === undefined) return undefined
      fields[name] = value === 0 && IS_SET.test(name) ? [] : value
    }
    return fields
  }

  /** `inet_pton(AF_INET6, "::1", &sin6_addr)`: a member, by the call that would fill it. */
  #filledField(): Fields | undefined {
    const found = this.#take(/inet_pton\(\w+, "[^"]*", &\w+\)/y)
    const [, address, field] = /"(.*)", &(\w+)/.exec(found ?? '') ?? []
    return address === undefined || field === undefined ? undefined : { [field]: address }
  }

  #words(): Value | undefined {
    const word = this.#take(/-?[\w@+.]+/y)
    if (word === undefined) return undefined
    if (this.#take(/\(/y)) return called(word, this.#list(/\)/y))
    if (this.#take(/\*/y)) return Number(word) * Number(this.#take(/\d+/y))
    const words = [word]
    while (this.#take(/\|/y)) {
      const next = this.#take(/\w+(<<\w+)?/y)
      if (next !== undefined) words.push(next) // nothing may follow the last separator
    }
    return wordsValue(words)
  }
}

/** htons(80), inet_addr("127.0.0.1"), makedev(0x8, 0x1). */
function called(name: string, args: readonly Value[] | undefined): Value | undefined {
  const [first, second] = args ?? []
  if (first === undefined) return undefined
  if (name === 'makedev') return { major: first, minor: second ?? 0 }
  return second === undefined ? first : { [name]: args ?? [] }
}

function wordsValue(words: readonly string[]): Value {
  const values = words.map(wordValue)
  const [first = null] = values
  // The bits of a mode, each a number.
  if (values.every(value => typeof value === 'number') && values.length > 1)
    return values.reduce((all, bits) => all | bits, 0)
  return words.length > 1 || (typeof first === 'string' && isFlag(first)) ? words : first
}

function wordValue(word: string): Value {
  if (word in CONSTANTS) return CONSTANTS[word] ?? null
  if (/^0[0-7]+$/.test(word)) return Number.parseInt(word, 8)
  if (/^(-?\d+|0x[\da-f]+)$/.test(word)) return narrow(BigInt(word))
  return word
}
