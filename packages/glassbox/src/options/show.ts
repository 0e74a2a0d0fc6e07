/**
 * Describes any value of a caller in a few words, for error messages. The text is short and on one
 * line. No code of the caller runs (no getter, no toString, no toJSON). Characters that would
 * control a terminal are escaped.
 */

const LONGEST_TEXT = 60
const LONGEST_LIST = 5
const MOST_KEYS = 4

/** Control characters and direction marks that JSON.stringify leaves as they are. */
const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Text in quotation marks, truncated after sixty characters. */
export function showText(text: string): string {
  const cut = text.length > LONGEST_TEXT
  const quoted = JSON.stringify(cut ? text.slice(0, LONGEST_TEXT) : text).replace(UNPRINTABLE, escaped)
  return cut ? `${quoted.slice(0, -1)}…" (${text.length} characters)` : quoted
}

const cut = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text)

/** A value that is neither an object nor a function. */
function showPrimitive(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return showText(value)
    case 'bigint':
      return value > -(10n ** 50n) && value < 10n ** 50n ? `${value}n` : 'a very large bigint'
    case 'symbol':
      return `Symbol(${cut(value.description ?? '').replace(/\p{C}/gu, '?')})`
    default:
      return Object.is(value, -0) ? '-0' : String(value)
  }
}

/** The class name of an object, read without calling any of its code. */
function className(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null) return undefined
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof maker !== 'function') return undefined
  const name: unknown = Object.getOwnPropertyDescriptor(maker, 'name')?.value
  return typeof name === 'string' && /^[\w$]{1,40}$/.test(name) ? name : undefined
}

const article = (noun: string): string => `${/^[AEIOaeio]|^U(?![RS])/.test(noun) ? 'an' : 'a'} ${noun}`

/** An element of a list or a property of an object. A nested list or object is abbreviated. */
function showInner(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return showPrimitive(value)
  return Array.isArray(value) ? '[…]' : '{…}'
}

function showList(list: readonly unknown[]): string {
  if (list.length === 0) return '[], an empty array'
  if (list.length > LONGEST_LIST) return `an array of ${list.length}`
  const items = Array.from({ length: list.length }, (_, index) => {
    const item = Object.getOwnPropertyDescriptor(list, index)
    return item && 'value' in item ? showInner(item.value) : '…'
  })
  return `the array [${items.join(', ')}]`
}

function showRecord(value: object): string {
  const names = Object.keys(value)
  if (names.length === 0) return '{}'
  const shown = names.slice(0, MOST_KEYS).map(name => {
    const property = Object.getOwnPropertyDescriptor(value, name)
    const key = /^[A-Za-z_$][\w$]{0,40}$/.test(name) ? name : showText(name)
    return `${key}: ${property && 'value' in property ? showInner(property.value) : '…'}`
  })
  return `{ ${[...shown, ...(names.length > MOST_KEYS ? ['…'] : [])].join(', ')} }`
}

/**
 * Describes the value in a few words. Never throws.
 *
 * @example
 * show('a'.repeat(100)) // "aaaa…" (100 characters)
 * show(64n)             // 64n
 * show(new Map())       // a Map
 */
export function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return showPrimitive(value)
  try {
    if (Array.isArray(value)) return showList(value)
    const name = className(value)
    return name === undefined || name === 'Object' ? showRecord(value) : article(name)
  } catch {
    return 'an object that cannot be read' // a proxy that throws or is revoked
  }
}
