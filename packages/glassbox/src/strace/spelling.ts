/** The options of the decoder for each call, made once for each combination, not for each call. */
import type { Abi, TextOptions } from '../decode/types.ts'
import { CALL_NUMBERS, contains } from './call-set.ts'
import type { Spelling } from './options.ts'

const FULL = 1
const ADDRESSES = 2
const RAW = 4
const COMBINATIONS = 8

export class Spellings {
  readonly #options: readonly TextOptions[]
  readonly #bits: Readonly<Record<Abi, Uint8Array>>
  readonly #others: number

  constructor(spelling: Spelling, extra: Pick<TextOptions, 'descriptor' | 'process'>) {
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
    const table = (abi: Abi): Uint8Array =>
      Uint8Array.from({ length: CALL_NUMBERS }, (_, nr) => bitsOf(abi, nr))
    this.#bits = { x86_64: table('x86_64'), i386: table('i386'), x32: table('x32') }
    this.#others = bitsOf('x86_64', CALL_NUMBERS)
  }

  of(abi: Abi, nr: number): TextOptions {
    return this.#options[this.#bits[abi][nr] ?? this.#others] as TextOptions
  }

  isRaw(abi: Abi, nr: number): boolean {
    return ((this.#bits[abi][nr] ?? this.#others) & RAW) !== 0
  }

  /** For what is no call: siginfo. */
  get plain(): TextOptions {
    return this.#options[0] as TextOptions
  }
}
