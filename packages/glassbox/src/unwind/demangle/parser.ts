/**
 * The state of parsing a mangled name, by the grammar of the Itanium C++ ABI, section 5.1. A name
 * that violates the grammar throws a RangeError.
 */
import type { Node } from './node.ts'

/** The parts of the grammar, which call each other. */
export interface Grammar {
  encoding(parser: Parser): Node
  name(parser: Parser, isEncoding: boolean): Node
  type(parser: Parser): Node
  expression(parser: Parser): Node
}

const DEEPEST = 400
const BASE36 = 36

export class Parser {
  readonly text: string
  readonly grammar: Grammar
  at = 0
  /** The meanings of S_, S0_ … */
  readonly substitutions: Node[] = []
  /** The meanings of T_, T0_ … */
  parameters: readonly Node[] = []
  /** Nesting of generic lambdas: within their parameters, T_ is `auto`. */
  lambdas = 0
  /** A T_ that precedes the arguments that it refers to, in the type of a conversion. */
  readonly forward: { index: number; node: Node | undefined }[] = []
  #depth = 0

  constructor(text: string, grammar: Grammar) {
    this.text = text
    this.grammar = grammar
  }

  get peek(): string {
    return this.text[this.at] ?? ''
  }

  /** The next letters. */
  next(count: number): string {
    return this.text.slice(this.at, this.at + count)
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  fail(): never {
    throw new RangeError(`not a mangled name: ${this.text} at ${this.at}`)
  }

  take(): string {
    if (this.atEnd) this.fail()
    return this.text[this.at++] ?? ''
  }

  /** Whether the text comes next. If so, it is consumed. */
  takes(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false
    this.at += expected.length
    return true
  }

  expect(expected: string): void {
    if (!this.takes(expected)) this.fail()
  }

  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (!found) return undefined
    this.at = pattern.lastIndex
    return found
  }

  number(): number {
    const [digits] = this.match(/\d+/y) ?? this.fail()
    return Number(digits)
  }

  /**
   * `_` is 0, `0_` is 1. Template parameters and discriminators are in base 10, substitutions in
   * base 36.
   */
  sequence(base: 10 | typeof BASE36): number {
    const [, digits = ''] = this.match(/([0-9A-Z]*)_/y) ?? this.fail()
    return digits === '' ? 0 : parseInt(digits, base) + 1
  }

  /** Reads items until an `E`, which is consumed. */
  untilEnd<Item>(item: () => Item): Item[] {
    const items: Item[] = []
    while (!this.takes('E')) items.push(item())
    return items
  }

  remember(node: Node): Node {
    this.substitutions.push(node)
    return node
  }

  /** Reads one level deeper. The depth is limited, because damaged names nest without end. */
  deeper<Result>(read: () => Result): Result {
    if (++this.#depth > DEEPEST) this.fail()
    const result = read()
    this.#depth--
    return result
  }

  encoding(): Node {
    return this.deeper(() => this.grammar.encoding(this))
  }

  name(isEncoding = false): Node {
    return this.deeper(() => this.grammar.name(this, isEncoding))
  }

  type(): Node {
    return this.deeper(() => this.grammar.type(this))
  }

  expression(): Node {
    return this.deeper(() => this.grammar.expression(this))
  }
}
