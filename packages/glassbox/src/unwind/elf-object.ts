/**
 * One ELF object: the names of its functions and, for each code address that was looked up, the
 * row of rules that applies there. Everything is parsed when it is first needed.
 */
import { type Row, rowAt } from './cfi.ts'
import { EhFrame } from './eh-frame.ts'
import { addressOf, type Elf, parseElf } from './elf.ts'
import type { ByteSource } from './source.ts'
import { type Nearest, Symbols } from './symbols.ts'

export class ElfObject {
  readonly #source: ByteSource
  readonly #elf: Elf | undefined
  readonly #frames: EhFrame | undefined
  readonly #rows = new Map<number, Row | undefined>()
  readonly #names = new Map<number, Nearest | undefined>()
  #symbols: Symbols | undefined

  /** Owns the source. */
  constructor(source: ByteSource) {
    this.#source = source
    this.#elf = parseElf(source)
    this.#frames = this.#elf && new EhFrame(this.#elf, source)
  }

  /** The function at an offset in the file. */
  nameAt(offset: number): Nearest | undefined {
    return remembered(this.#names, offset, () => {
      const address = this.#elf && addressOf(this.#elf, offset)
      if (!this.#elf || address === undefined) return undefined
      this.#symbols ??= new Symbols(this.#elf, this.#source)
      return this.#symbols.nearest(address)
    })
  }

  /**
   * The rules for the instruction at an offset in the file; `undefined` if the object has none.
   */
  rowAt(offset: number): Row | undefined {
    return remembered(this.#rows, offset, () => {
      const address = this.#elf && addressOf(this.#elf, offset)
      if (address === undefined) return undefined
      try {
        const fde = this.#frames?.find(address)
        return fde && rowAt(fde, address)
      } catch (error) {
        // The section is damaged, or not meant for unwinding.
        if (error instanceof RangeError) return undefined
        throw error
      }
    })
  }

  close(): void {
    this.#source.close()
  }
}

function remembered<Value>(
  known: Map<number, Value | undefined>,
  key: number,
  find: () => Value | undefined,
): Value | undefined {
  if (known.has(key)) return known.get(key)
  const value = find()
  known.set(key, value)
  return value
}
