/**
 * strace's sets: `[!][?]ITEM{,ITEM}`, where an item is a name, a number, a class with a percent sign, or a regular expression
 * between slashes; a suffix @64, @32 or @x32 chooses the ABI.
 */
import { signalNumber, type SignalName } from '../linux/signals.ts'
import { SYSCALLS } from '../linux/syscalls.ts'
import { UsageError } from './usage-error.ts'

/** Calls by number; `all` where nothing is left out. */
export interface CallSet {
  readonly all: boolean
  has(nr: number): boolean
  /** Of calls that the table has. */
  readonly names: readonly string[]
}

export const EVERY_CALL: CallSet = { all: true, has: () => true, names: SYSCALLS.map(({ name }) => name) }
export const NO_CALL: CallSet = { all: false, has: () => false, names: [] }

/** Classes that are unions, or are called by more than one name. */
const CLASSES: Readonly<Record<string, readonly string[]>> = {
  net: ['network'],
  statfs: ['statfs'],
  '%stat': ['stat', 'lstat', 'fstat'],
  '%statfs': ['statfs_like'],
}
const CLASS_NAMES = new Set([
  ...SYSCALLS.flatMap(({ classes }) => classes),
  'net',
  '%stat',
  '%statfs',
  'statfs',
  'fstatfs',
  'creds',
  'clock',
  'pure',
])
/** Names of classes that strace still takes without the percent sign. */
const BARE = new Set(['file', 'process', 'network', 'signal', 'ipc', 'desc', 'memory'])

function classMembers(name: string): string[] | undefined {
  if (name === 'statfs') return SYSCALLS.filter(call => call.name === 'statfs').map(call => call.name)
  if (name === 'fstatfs') return SYSCALLS.filter(call => call.name === 'fstatfs').map(call => call.name)
  if (!CLASS_NAMES.has(name)) return undefined
  const classes = CLASSES[name] ?? [name]
  return SYSCALLS.filter(call => call.classes.some(member => classes.includes(member))).map(
    ({ name: call }) => call,
  )
}

function itemMembers(item: string, whole: string): string[] {
  const [, tolerant, word = '', abi] = /^(\??)(.*?)(?:@(64|32|x32))?$/.exec(item) ?? []
  if (abi !== undefined && abi !== '64') return []
  const found = members(word)
  if (found && found.length > 0) return found
  if (tolerant) return []
  throw new UsageError(`invalid system call '${word === '' ? whole : word}'`)
}

function members(word: string): string[] | undefined {
  if (word === 'all') return SYSCALLS.map(({ name }) => name)
  if (word.startsWith('/')) return byPattern(word.slice(1))
  if (word.startsWith('%')) return classMembers(word.slice(1))
  if (/^\d+$/.test(word)) return SYSCALLS.filter(({ nr }) => nr === Number(word)).map(({ name }) => name)
  if (SYSCALLS.some(({ name }) => name === word)) return [word]
  return BARE.has(word) ? classMembers(word) : undefined
}

function byPattern(pattern: string): string[] {
  let expression: RegExp
  try {
    expression = new RegExp(pattern.replace(/\/$/, ''))
  } catch (error) {
    throw new UsageError(`regcomp: ${pattern}: ${(error as Error).message}`)
  }
  return SYSCALLS.filter(({ name }) => expression.test(name)).map(({ name }) => name)
}

/** Leading exclamation marks each invert. */
function takeInversion(text: string): { readonly inverted: boolean; readonly rest: string } {
  const marks = /^!*/.exec(text)?.[0].length ?? 0
  return { inverted: marks % 2 === 1, rest: text.slice(marks) }
}

export function parseCallSet(text: string): CallSet {
  const { inverted, rest } = takeInversion(text)
  const names = new Set(rest === 'none' ? [] : rest.split(',').flatMap(item => itemMembers(item, text)))
  const chosen = SYSCALLS.filter(({ name }) => names.has(name) !== inverted)
  if (chosen.length === SYSCALLS.length) return EVERY_CALL
  const numbers = new Set(chosen.map(({ nr }) => nr))
  return { all: false, has: nr => numbers.has(nr), names: chosen.map(({ name }) => name) }
}

/** Signals by name, with or without SIG, or number. */
export function parseSignalSet(text: string): (signal: number) => boolean {
  const { inverted, rest } = takeInversion(text)
  if (rest === 'all') return () => !inverted
  if (rest === 'none') return () => inverted
  const numbers = new Set(rest.split(',').map(parseSignal))
  return signal => numbers.has(signal) !== inverted
}

export function parseSignal(word: string): number {
  const upper = word.toUpperCase()
  const name = (upper.startsWith('SIG') ? upper : `SIG${upper}`) as SignalName
  const number = /^\d+$/.test(word) ? Number(word) : signalNumber(name)
  if (number !== undefined && number > 0 && number <= 64) return number
  throw new UsageError(`invalid signal '${word}'`)
}

/** Words of a fixed list, for -e status and -e quiet. */
export function parseWords<T extends string>(
  text: string,
  words: readonly T[],
  what: string,
): ReadonlySet<T> {
  const { inverted, rest } = takeInversion(text)
  const named =
    rest === 'all' ? words : rest === 'none' ? [] : rest.split(',').map(word => check(word, words, what))
  return new Set(words.filter(word => named.includes(word) !== inverted))
}

function check<T extends string>(word: string, words: readonly T[], what: string): T {
  const found = words.find(known => known === word)
  if (found === undefined) throw new UsageError(`invalid ${what} '${word}'`)
  return found
}
