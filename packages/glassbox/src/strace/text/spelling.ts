/**
 * The decoder's options for each call. One object is made per combination of options, not per
 * call.
 */
import { isMemoryFree } from '../../decode/memory-free.ts'
import type { Abi, TextOptions } from '../../decode/types.ts'
import { CALL_NUMBERS, contains } from '../select/call-set.ts'
import type { Spelling } from '../options.ts'

const FULL = 1
const ADDRESSES = 2
const RAW = 4
const COMBINATIONS = 8
/** Not looked up yet. */
const UNKNOWN = 255

export class Spellings {
  /** Whether the text depends only on the values of registers, so that /proc is not read. */
  readonly #isPure: boolean
  readonly #options: readonly TextOptions[]
  readonly #bits: Readonly<Record<Abi, Uint8Array>>
  readonly #bitsOf: (abi: Abi, nr: number) => number
  readonly #others: number

  constructor(
    spelling: Spelling,
    extra: Pick<TextOptions, 'descriptor' | 'process' | 'interfaceName' | 'netlink'>,
  ) {
    this.#isPure = !extra.descriptor && !extra.process
    const { abbrev, verbose, raw, stringLimit, stringsInHex, constants, names } = spelling
    const common: TextOptions = { stringLimit, stringsInHex, spelling: constants, names, ...extra }
    this.#options = Array.from({ length: COMBINATIONS }, (_, bits) => ({
      ...common,
      full: (bits & FULL) !== 0,
      addressesOnly: (bits & ADDRESSES) !== 0,
      raw: (bits & RAW) !== 0,
    }))
    const bitsOf = (abi: Abi, nr: number): number =>
      (contains(abbrev, abi, nr) ? 0 : FULL) +
      (contains(verbose, abi, nr) ? 0 : ADDRESSES) +
      (contains(raw, abi, nr) ? RAW : 0)
    const table = (): Uint8Array => new Uint8Array(CALL_NUMBERS).fill(UNKNOWN)
    this.#bits = { x86_64: table(), i386: table(), x32: table() }
    this.#bitsOf = bitsOf
    this.#others = bitsOf('x86_64', CALL_NUMBERS)
  }

  /** Whether a call of x86-64 can be printed after its program has run on. */
  mayDefer(nr: number): boolean {
    return this.#isPure && isMemoryFree(nr)
  }

  of(abi: Abi, nr: number): TextOptions {
    return this.#options[this.#bitsFor(abi, nr)] as TextOptions
  }

  #bitsFor(abi: Abi, nr: number): number {
    const table = this.#bits[abi]
    const bits = table[nr] ?? this.#others
    if (bits !== UNKNOWN) return bits
    const found = this.#bitsOf(abi, nr)
    table[nr] = found
    return found
  }

  /** The options for text that is not a call: siginfo. */
  get plain(): TextOptions {
    return this.#options[0] as TextOptions
  }
}
