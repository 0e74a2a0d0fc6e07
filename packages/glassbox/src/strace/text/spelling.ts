/**
 * The decoder's options for each call. One object is made per combination of options, not per
 * call.
 */
import { DEFAULT_STRING_LIMIT } from '../../decode/context.ts'
import { planOf } from '../../decode/lanes/call-plans.ts'
import { EVERY_ITEM, type LineStyle, type Planned, type StringStyle } from '../../decode/lanes/plan.ts'
import { standardPlan } from '../../decode/lanes/standard-plan.ts'
import type { Abi, TextOptions } from '../../decode/types.ts'
import { CALL_NUMBERS, contains } from '../select/call-set.ts'
import { fixedZone } from '../clock.ts'
import type { Spelling } from '../options.ts'

const FULL = 1
const ADDRESSES = 2
const RAW = 4
const COMBINATIONS = 8
/** Not looked up yet. */
const UNKNOWN = 255

const STRING_STYLES: Readonly<Record<NonNullable<TextOptions['stringsInHex']>, StringStyle>> = {
  none: 'none',
  'non-ascii-chars': 'nonAsciiChars',
  'non-ascii': 'nonAscii',
  all: 'all',
}

export class Spellings {
  /** Whether the text depends only on the values of registers, so that /proc is not read. */
  readonly #isPure: boolean
  /** Whether no option changes how values are spelled, but for those that name calls. */
  readonly #isStandard: boolean
  readonly #options: readonly TextOptions[]
  readonly #bits: Readonly<Record<Abi, Uint8Array>>
  readonly #bitsOf: (abi: Abi, nr: number) => number
  readonly #others: number
  /** Looked up if times may be shown. */
  #zone: { readonly fixed: number | undefined } | undefined

  constructor(
    spelling: Spelling,
    extra: Pick<
      TextOptions,
      'descriptor' | 'descriptorOf' | 'processOf' | 'process' | 'interfaceName' | 'netlink'
    >,
  ) {
    this.#isPure = !extra.descriptor && !extra.process
    const { abbrev, verbose, raw, stringLimit, stringsInHex, constants, names } = spelling
    const isPlain = stringLimit === DEFAULT_STRING_LIMIT && stringsInHex === 'none' && !names
    this.#isStandard = isPlain && constants === 'abbrev'
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

  /**
   * What is read to print a call of x86-64 after its program has gone on; `undefined` if it must
   * wait. `most`: how many bytes and elements an event reads of it, if one is made.
   */
  plan(nr: number, most = 0): Planned | undefined {
    if (!this.#isPure) return undefined
    if (this.#isStandard && this.#bitsFor('x86_64', nr) === 0)
      return standardPlan(nr, most > 0 ? 'json' : 'text')
    const { stringLimit = DEFAULT_STRING_LIMIT } = this.of('x86_64', nr)
    const line = this.#lineStyle(nr)
    const bytes = Math.max(stringLimit, most)
    const items = this.of('x86_64', nr).full ? Math.max(bytes, EVERY_ITEM) : bytes
    return planOf(nr, { bytes, items, ...(line && { line, isJson: most > 0 }) })
  }

  /** `undefined` if programs cannot print as the options ask for. */
  #lineStyle(nr: number): LineStyle | undefined {
    const { raw, full, stringLimit, stringsInHex, names } = this.of('x86_64', nr)
    if (this.hidesStructs(nr) && !raw) return undefined
    this.#zone ??= full === true ? { fixed: fixedZone() } : undefined
    const zone = this.#zone?.fixed
    return {
      limit: stringLimit ?? DEFAULT_STRING_LIMIT,
      full: full === true,
      strings: STRING_STYLES[stringsInHex ?? 'none'],
      names: names === true,
      raw: raw === true,
      ...(zone !== undefined && { fixedZone: zone }),
    }
  }

  hidesStructs(nr: number): boolean {
    return this.of('x86_64', nr).addressesOnly === true
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
