/**
 * The table of x86-64 system calls. seccomp takes numbers from it, and the decoder prints by it.
 * It is generated from scripts/linux/syscalls.txt, which explains the kinds of arguments.
 */
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import { TABLE } from './generated/syscalls.ts'
import { argumentsOf } from './schema/calls.ts'
import type { Syscall, SyscallArg } from './syscall.ts'

export type { Syscall, SyscallArg } from './syscall.ts'

/**
 * A line of the table. Only the number and the name are parsed at once; the rest is parsed when it
 * is first needed.
 */
class TableCall implements Syscall {
  readonly nr: number
  readonly name: string
  readonly #line: string
  #args: readonly SyscallArg[] | undefined
  #ending: { readonly result: string; readonly classes: readonly string[] } | undefined

  constructor(line: string) {
    const space = line.indexOf(' ')
    this.nr = Number(line.slice(0, space))
    this.name = line.slice(space + 1, line.indexOf(':'))
    this.#line = line
  }

  get sameAs(): string {
    return this.name
  }

  get args(): readonly SyscallArg[] {
    this.#args ??= argumentsOf(this.name).map(({ name, kind }) => ({
      name,
      kind: kind.notation,
      schema: kind,
    }))
    return this.#args
  }

  get result(): string {
    return this.#end().result
  }

  get classes(): readonly string[] {
    return this.#end().classes
  }

  #end(): { readonly result: string; readonly classes: readonly string[] } {
    if (this.#ending) return this.#ending
    const [result = '', ...classes] = this.#line.slice(this.#line.indexOf(':') + 2).split(' ')
    this.#ending = { result, classes }
    return this.#ending
  }
}

const byNumber: (Syscall | undefined)[] = []
/** The calls that were looked up by name. */
const byName = new Map<string, Syscall>()
let all: readonly Syscall[] | undefined

/** The call whose line begins at this offset. Returns the same object each time. */
function read(start: number): Syscall {
  const nr = Number.parseInt(TABLE.slice(start, start + 4), 10)
  const known = byNumber[nr]
  if (known) return known
  const call = new TableCall(TABLE.slice(start, TABLE.indexOf('\n', start)))
  byNumber[nr] = call
  return call
}

/** All calls, in the order of their numbers. */
export function allSyscalls(): readonly Syscall[] {
  if (all) return all
  const found: Syscall[] = []
  for (let at = 1; at < TABLE.length; at = TABLE.indexOf('\n', at) + 1) found.push(read(at))
  all = found
  return found
}

let allNumbers: ReadonlySet<number> | undefined

/** The numbers of all calls, in ascending order. Does not read the calls themselves. */
export function syscallNumbers(): ReadonlySet<number> {
  if (allNumbers) return allNumbers
  const numbers = new Set<number>()
  for (let at = 1; at < TABLE.length; at = TABLE.indexOf('\n', at) + 1)
    numbers.add(Number.parseInt(TABLE.slice(at, at + 4), 10))
  allNumbers = numbers
  return numbers
}

export function syscallByNumber(nr: number): Syscall | undefined {
  const known = byNumber[nr]
  if (known) return known
  const at = TABLE.indexOf(`\n${nr} `)
  return at < 0 ? undefined : read(at + 1)
}

export function syscallByName(name: string): Syscall | undefined {
  const known = byName.get(name)
  if (known) return known
  const at = TABLE.indexOf(` ${name}:`)
  if (at < 0 || !/^\w+$/.test(name)) return undefined
  const call = read(TABLE.lastIndexOf('\n', at) + 1)
  byName.set(name, call)
  return call
}

/**
 * The number of a call. Throws InvalidOptionError for an unknown name, and suggests the nearest
 * one.
 */
export function syscallNumber(name: string): number {
  const call = syscallByName(name)
  if (call) return call.nr
  const guess = nearest(
    name,
    allSyscalls().map(each => each.name),
  )
  throw new InvalidOptionError(
    'syscall',
    `There is no system call called ${JSON.stringify(name)} on x86-64.`,
    guess === undefined ? 'See syscalls(2) for the names.' : `Did you mean ${guess}?`,
  )
}
