/**
 * The grammar of sets of system calls: `[!][?]ITEM{,ITEM}`. An item is a name, a number, a class
 * (%file), a regular expression (/^open), `all` or `none`. All but the last two may end in `@64`,
 * `@32` or `@x32`. Source: strace(1), "Filtering".
 */
import type { Abi } from '../../decode/types.ts'
import { i386Number, i386Syscalls } from '../../linux/i386.ts'
import { allSyscalls, syscallByName } from '../../linux/syscalls.ts'
import { x32ByNumber, x32Number, x32Syscalls } from '../../linux/x32.ts'
import { ABIS, type CallSet, CALL_NUMBERS, fullSet } from './call-set.ts'
import { fault, usageFault } from '../fault.ts'
import { extendedRegex } from './extended-regex.ts'

interface Named {
  readonly nr: number
  readonly name: string
  readonly classes: readonly string[]
}

/** x32 has calls of its own up to 547. */
const LAST_NUMBER = 548

const CALLS = { x86_64: allSyscalls, i386: i386Syscalls, x32: x32Syscalls } as const

/** The calls of an ABI. */
const callsOf = (abi: Abi): readonly Named[] => CALLS[abi]()

/** Classes that are not in the table: lists of names, and unions of other classes. */
const NAMED_CLASSES: Readonly<Record<string, readonly string[]>> = {
  statfs: ['statfs', 'statfs64'],
  fstatfs: ['fstatfs', 'fstatfs64'],
  '%statfs': ['statfs', 'statfs64', 'fstatfs', 'fstatfs64', 'ustat'],
}
const UNIONS: Readonly<Record<string, readonly string[]>> = {
  '%stat': ['stat', 'lstat', 'fstat'],
  net: ['network'],
}
/** Classes that could be written without a percent sign before strace 4. */
const OLD_CLASSES = ['desc', 'file', 'memory', 'process', 'signal', 'ipc', 'network'] as const

function ofClass(name: string): ((call: Named) => boolean) | undefined {
  const names = NAMED_CLASSES[name]
  if (names) return call => names.includes(call.name)
  const union = UNIONS[name] ?? [name]
  if (!allSyscalls().some(call => union.some(each => call.classes.includes(each)))) return undefined
  return call => call.classes.some(each => union.includes(each))
}

function regex(item: string): (call: Named) => boolean {
  const source = item.slice(1)
  const expression = extendedRegex(source)
  if (typeof expression === 'string') throw fault(`regcomp: ${source}: ${expression}`)
  return call => expression.test(call.name)
}

function matcher(item: string): ((call: Named) => boolean) | undefined {
  if (item === 'all') return () => true
  if (/^\d+$/.test(item)) {
    const nr = Number(item)
    return nr < LAST_NUMBER ? call => call.nr === nr : undefined
  }
  if (item.startsWith('/')) return regex(item)
  if (item.startsWith('%')) return ofClass(item.slice(1))
  if ((OLD_CLASSES as readonly string[]).includes(item)) return ofClass(item)
  return call => call.name === item
}

const SUFFIXES: readonly (readonly [string, Abi])[] = [
  ['@64', 'x86_64'],
  ['@32', 'i386'],
  ['@x32', 'x32'],
]

/** Whether an item is the name of one call. */
const isName = (item: string): boolean =>
  /^[a-z_]\w*$/i.test(item) && item !== 'all' && !(OLD_CLASSES as readonly string[]).includes(item)

/**
 * What i386 has as parts of socketcall(2) alone. Each stands for the whole call: which part a call
 * is stands in its arguments.
 */
const PARTS: readonly string[] = ['send', 'recv']

const nativeNumber = (name: string): number => syscallByName(name)?.nr ?? -1

/** x32 has numbers of its own, and new calls under those of x86-64. */
function x32NumberOf(name: string): number {
  const own = x32Number(name)
  const native = nativeNumber(name)
  return own < 0 && x32ByNumber(native)?.name === name ? native : own
}

const partOrNumber = (name: string): number => i386Number(PARTS.includes(name) ? 'socketcall' : name)

const NUMBERS = { x86_64: nativeNumber, i386: partOrNumber, x32: x32NumberOf } as const

/** The tables are searched for the name: to read all of their calls takes milliseconds. */
function addNamed(name: string, abis: readonly Abi[], members: Readonly<Record<Abi, Uint8Array>>): boolean {
  let found = false
  for (const abi of abis) {
    const nr = NUMBERS[abi](name)
    if (nr < 0) continue
    members[abi][nr] = 1
    found = true
  }
  return found
}

/** Adds the calls that an item means. Returns false if there are none. */
function add(item: string, members: Readonly<Record<Abi, Uint8Array>>): boolean {
  const suffix = SUFFIXES.find(([text]) => item.endsWith(text))
  const bare = suffix ? item.slice(0, -suffix[0].length) : item
  const designator = /@(\w*)$/.exec(item)?.[1]
  if (!suffix && designator !== undefined)
    throw usageFault(`incorrect personality designator '${designator}' in qualification '${item}'`)
  const abis = suffix ? [suffix[1]] : ABIS
  if (isName(bare)) return addNamed(bare, abis, members)
  const matches = matcher(bare)
  if (!matches) return false
  // A number of x32 alone need not be that of a call.
  let found = Number(bare) >= CALL_NUMBERS && (!suffix || suffix[1] === 'x32')
  for (const abi of abis) {
    for (const call of callsOf(abi)) {
      if (!matches(call)) continue
      members[abi][call.nr] = 1
      found = true
    }
  }
  return found
}

/** Counts how often a set is inverted, and returns the rest of the text. */
export function inversion(text: string): { readonly inverted: boolean; readonly rest: string } {
  let inverted = false
  let rest = text
  for (; rest.startsWith('!'); rest = rest.slice(1)) inverted = !inverted
  return { inverted, rest }
}

/** Throws an error in strace's words for an unknown item. */
export function callSet(text: string): CallSet {
  const { inverted, rest } = inversion(text)
  if (rest === 'all') return fullSet(!inverted)
  if (rest === 'none') return fullSet(inverted)
  const parts = rest.split(',').filter(part => part !== '')
  if (parts.length === 0) throw fault(`invalid system call '${text}'`)
  const { members } = fullSet(false)
  let others = false
  for (const part of parts) {
    if (part === 'all') others = true
    const optional = part.startsWith('?')
    const item = optional ? part.slice(1) : part
    if (!add(item, members) && !optional) throw fault(`invalid system call '${item}'`)
  }
  if (!inverted) return { members, others }
  for (const abi of ABIS) for (const [nr, is] of members[abi].entries()) members[abi][nr] = is === 1 ? 0 : 1
  return { members, others: !others }
}
