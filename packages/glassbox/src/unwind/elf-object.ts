/**
 * One ELF object: its functions' names and, for each place in its code that was seen, the row of
 * rules that holds there. Everything is parsed when it is asked for.
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

  /** The function at a byte of the file. */
  nameAt(offset: number): Nearest | undefined {
    return remembered(this.#names, offset, () => {
      const address = this.#elf && addressOf(this.#elf, offset)
      if (!this.#elf || address === undefined) return undefined
      this.#symbols ??= new Symbols(this.#elf, this.#source)
      return this.#symbols.nearest(address)
    })
  }

  /** The rules for an instruction at a byte of the file; none if the object does not tell. */
  rowAt(offset: number): Row | undefined {
    return remembered(this.#rows, offset, () => {
      const address = this.#elf && addressOf(this.#elf, offset)
      if (address === undefined) return undefined
      try {
        const fde = this.#frames?.find(address)
        return fde && rowAt(fde, address)
      } catch (error) {
        if (error instanceof RangeError) return undefined // Damaged, or not meant for unwinding.
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
