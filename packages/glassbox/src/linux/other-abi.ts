/**
 * Calls of the other ABIs. Each means the same as a call of x86-64, whose arguments it takes from
 * other registers or with other kinds; or it is a call of its own. What differs stands in
 * scripts/linux/compat.txt. Kinds are those of x86-64: the data model of the ABI says how wide
 * they are (schema/models.ts).
 */
import { kinds } from './generated/kinds.ts'
import type { Argument } from './schema/kinds.ts'
import type { RegisterForm, Syscall, SyscallArg } from './syscall.ts'
import { syscallByName } from './syscalls.ts'

/** What an ABI has: numbers and names, forms, arguments of its own. */
export interface AbiTables {
  readonly numbers: string
  readonly forms: string
  readonly own: Readonly<Record<string, () => readonly Argument[]>>
}

const REGISTERS = 6

const registers = (count: number): readonly SyscallArg[] =>
  Array.from({ length: count }, (_, index) => ({ name: `arg${index}`, kind: 'hex', schema: kinds().hex }))

/** `3`, `3+4`, `5<<12`, `*6`, as compat.txt explains them. */
function readForms(text: string): readonly RegisterForm[] | undefined {
  if (text === '') return undefined
  return text.split(' ').flatMap((word): readonly RegisterForm[] => {
    if (word.startsWith('*'))
      return Array.from({ length: Number(word.slice(1)) }, (_, index) => ({ from: index, inMemory: true }))
    const [, from = '0', high, shift] = /^(\d)(?:\+(\d))?(?:<<(\d+))?$/.exec(word) ?? []
    return [
      {
        from: Number(from),
        ...(high === undefined ? {} : { high: Number(high) }),
        ...(shift === undefined ? {} : { shift: Number(shift) }),
      },
    ]
  })
}

/** Its parts are looked up when they are first needed. */
class OtherCall implements Syscall {
  readonly nr: number
  readonly name: string
  readonly #tables: AbiTables
  #same: Syscall | undefined
  #args: readonly SyscallArg[] | undefined
  #form: readonly string[] | undefined
  #registers: { readonly forms: readonly RegisterForm[] | undefined } | undefined

  constructor(nr: number, name: string, tables: AbiTables) {
    this.nr = nr
    this.name = name
    this.#tables = tables
  }

  get sameAs(): string | undefined {
    return this.#meaning()?.name
  }

  get args(): readonly SyscallArg[] {
    this.#args ??= this.#readArgs()
    return this.#args
  }

  get registers(): readonly RegisterForm[] | undefined {
    this.#registers ??= { forms: readForms(this.#part(1)) }
    return this.#registers.forms
  }

  get result(): string {
    return this.#part(2) || (this.#meaning()?.result ?? 'int')
  }

  get classes(): readonly string[] {
    const own = this.#part(3)
    return own === '' ? (this.#meaning()?.classes ?? []) : own.split(' ')
  }

  get hasOwnArguments(): boolean {
    return Object.hasOwn(this.#tables.own, this.name)
  }

  #readArgs(): readonly SyscallArg[] {
    const own = this.hasOwnArguments ? this.#tables.own[this.name]?.() : undefined
    if (own) return own.map(({ name, kind }) => ({ name, kind: kind.notation, schema: kind }))
    return this.#meaning()?.args ?? registers(REGISTERS)
  }

  /** A part of its line: the call that it means, registers, result, classes. */
  #part(index: number): string {
    this.#form ??= this.#readForm()
    return this.#form[index] ?? ''
  }

  #readForm(): readonly string[] {
    const { forms } = this.#tables
    const at = forms.indexOf(`\n${this.name} `)
    if (at < 0) return [this.hasOwnArguments ? '' : this.name]
    return forms.slice(at + this.name.length + 2, forms.indexOf('\n', at + 1)).split('|')
  }

  #meaning(): Syscall | undefined {
    const name = this.#part(0)
    if (name === '') return undefined
    this.#same ??= syscallByName(name)
    return this.#same
  }
}

/** The calls of an ABI. Built at the first look-up: most programs make none of them. */
export class AbiCalls {
  readonly #tables: AbiTables
  #calls: readonly Syscall[] | undefined
  #byNumber: ReadonlyMap<number, Syscall> | undefined
  #byName: ReadonlyMap<string, Syscall> | undefined

  constructor(tables: AbiTables) {
    this.#tables = tables
  }

  /** The number of a call; −1 if there is none of that name. Does not build the table. */
  numberOf(name: string): number {
    const { numbers } = this.#tables
    const end = numbers.indexOf(` ${name}\n`)
    return end < 0 ? -1 : Number(numbers.slice(numbers.lastIndexOf('\n', end) + 1, end))
  }

  /** All calls, in the order of their numbers. */
  all(): readonly Syscall[] {
    this.#calls ??= this.#tables.numbers
      .slice(1, -1)
      .split('\n')
      .map(line => {
        const space = line.indexOf(' ')
        return new OtherCall(Number(line.slice(0, space)), line.slice(space + 1), this.#tables)
      })
    return this.#calls
  }

  byNumber(nr: number): Syscall | undefined {
    this.#byNumber ??= new Map(this.all().map(each => [each.nr, each]))
    return this.#byNumber.get(nr)
  }

  byName(name: string): Syscall | undefined {
    this.#byName ??= new Map(this.all().map(each => [each.name, each]))
    return this.#byName.get(name)
  }
}

/** A call of which only the registers are known. */
export const bareCall = (nr: number, name: string, count: number, classes: readonly string[]): Syscall => ({
  nr,
  name,
  args: registers(count),
  result: 'int',
  classes,
  sameAs: undefined,
})
