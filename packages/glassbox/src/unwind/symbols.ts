/**
 * The functions of an object by address, from .symtab and .dynsym. As in libunwind, and so in
 * strace, an address belongs to the nearest function that begins at or before it, regardless of
 * its size. If several begin there, the first one in the tables counts.
 */
import { type Elf, SHT, stringAt } from './elf.ts'
import type { ByteSource } from './source.ts'

const ENTRY = 24
const STT_FUNC = 2
const TYPE_BITS = 0xf

export interface Nearest {
  readonly name: string
  /** Bytes from the start of the function. */
  readonly offset: number
  /**
   * The address is after the last byte of the function: its own function has no name, and this is
   * only the nearest one.
   */
  readonly beyond: boolean
}

export class Symbols {
  readonly #starts: Float64Array
  readonly #sizes: Float64Array
  /** The name of each function, with its string table. */
  readonly #names: readonly { readonly strings: Uint8Array; readonly at: number }[]

  constructor(elf: Elf, source: ByteSource) {
    const found = functionsOf(elf, source).toSorted((a, b) => a.start - b.start)
    const first = found.filter((each, index) => each.start !== found[index - 1]?.start)
    this.#starts = Float64Array.from(first, ({ start }) => start)
    this.#sizes = Float64Array.from(first, ({ size }) => size)
    this.#names = first
  }

  get count(): number {
    return this.#starts.length
  }

  nearest(address: number): Nearest | undefined {
    const index = lastAtOrBefore(this.#starts, address)
    const entry = this.#names[index]
    if (!entry) return undefined
    const offset = address - (this.#starts[index] ?? 0)
    return {
      name: stringAt(entry.strings, entry.at),
      offset,
      beyond: offset >= (this.#sizes[index] ?? 0),
    }
  }
}

/**
 * The index of the last of ascending numbers that is not greater than `value`; −1 if all are
 * greater.
 */
export function lastAtOrBefore(
  ascending: { readonly length: number; [index: number]: number },
  value: number,
): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

interface FunctionSymbol {
  readonly start: number
  readonly size: number
  readonly strings: Uint8Array
  readonly at: number
}

function functionsOf({ sections }: Elf, source: ByteSource): FunctionSymbol[] {
  return sections
    .filter(({ type }) => type === SHT.symbols || type === SHT.dynamicSymbols)
    .flatMap(({ offset, size, link }) => {
      const table = sections[link]
      if (!table) return []
      const bytes = source.read(offset, size)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const strings = source.read(table.offset, table.size)
      const found: FunctionSymbol[] = []
      for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
        const isDefined = view.getUint16(at + 6, true) !== 0
        if ((view.getUint8(at + 4) & TYPE_BITS) !== STT_FUNC || !isDefined) continue
        const start = Number(view.getBigUint64(at + 8, true))
        const length = Number(view.getBigUint64(at + 16, true))
        found.push({ start, size: length, strings, at: view.getUint32(at, true) })
      }
      return found
    })
}
