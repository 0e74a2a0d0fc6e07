/**
 * .eh_frame: finds the frame description entry (FDE) for an address, and its common information
 * entry (CIE). It uses the sorted table of .eh_frame_hdr or, if there is none (static programs),
 * one pass over the section. Format: LSB Core, "Exception Frames"; DWARF 4, section 6.4.1.
 */
import { Cursor, EH_PE } from './cursor.ts'
import { type Elf, offsetOf, PT } from './elf.ts'
import type { ByteSource } from './source.ts'
import { lastAtOrBefore } from './symbols.ts'

export interface Cie {
  readonly codeAlignment: number
  readonly dataAlignment: number
  readonly returnColumn: number
  /** How addresses are stored in its FDEs. */
  readonly encoding: number
  /** Whether its FDEs have a length of augmentation data. */
  readonly augmented: boolean
  /**
   * `S`: the frame of a signal trampoline. Its return address is the interrupted instruction, not
   * the one after a call.
   */
  readonly signalFrame: boolean
  readonly instructions: Uint8Array
}

export interface Fde {
  readonly cie: Cie
  readonly start: number
  readonly end: number
  readonly instructions: Uint8Array
}

/** The start addresses of functions, in ascending order, and the position of each one's FDE. */
interface Table {
  readonly starts: Float64Array
  readonly entries: Float64Array
}

const HEADER = 12
/** The only table format that linkers write: pairs of 32-bit distances from the header. */
const SORTED_PAIRS = 0x3b
const UNUSUAL = 0xffffffff
const LONGEST_ENTRY = 1 << 24
const LENGTH_BYTES = 4
const NO_TABLE: Table = { starts: new Float64Array(0), entries: new Float64Array(0) }

export class EhFrame {
  readonly #elf: Elf
  readonly #source: ByteSource
  readonly #cies = new Map<number, Cie>()
  #table: Table | undefined

  constructor(elf: Elf, source: ByteSource) {
    this.#elf = elf
    this.#source = source
  }

  /**
   * `address` is in the object's own address space. Throws a RangeError if the section is
   * damaged.
   */
  find(address: number): Fde | undefined {
    const { starts, entries } = (this.#table ??= this.#headerTable() ?? this.#scannedTable())
    const entry = entries[lastAtOrBefore(starts, address)]
    const fde = entry === undefined ? undefined : this.#fde(entry)
    return fde && address >= fde.start && address < fde.end ? fde : undefined
  }

  #headerTable(): Table | undefined {
    const segment = this.#elf.segments.find(({ type }) => type === PT.ehFrameHeader)
    if (!segment) return undefined
    const bytes = this.#source.read(segment.offset, segment.fileSize)
    if (bytes.length < HEADER) return undefined
    const cursor = new Cursor(bytes, segment.address, 1)
    const [frame, counts, pairs] = [cursor.u8(), cursor.u8(), cursor.u8()]
    if (frame === EH_PE.omit || counts === EH_PE.omit || pairs !== SORTED_PAIRS) return undefined
    cursor.pointer(frame)
    const count = cursor.pointer(counts)
    const starts = new Float64Array(count)
    const entries = new Float64Array(count)
    for (let index = 0; index < count; index++) {
      starts[index] = segment.address + cursor.s32()
      entries[index] = segment.address + cursor.s32()
    }
    return { starts, entries }
  }

  /** Reads all FDEs of the section, one after another. */
  #scannedTable(): Table {
    const section = this.#elf.sections.find(({ name }) => name === '.eh_frame')
    if (!section) return NO_TABLE
    const found: { readonly start: number; readonly entry: number }[] = []
    const view = new Cursor(this.#source.read(section.offset, section.size))
    for (let at = 0; at + LENGTH_BYTES < section.size; ) {
      view.at = at
      const length = view.u32()
      if (length === 0 || length === UNUSUAL) break
      const isFde = view.u32() !== 0
      const entry = section.address + at
      if (isFde) found.push({ start: this.#fde(entry).start, entry })
      at += LENGTH_BYTES + length
    }
    found.sort((a, b) => a.start - b.start)
    return {
      starts: Float64Array.from(found, ({ start }) => start),
      entries: Float64Array.from(found, ({ entry }) => entry),
    }
  }

  /** The bytes of an entry after its length. */
  #entry(address: number): Cursor {
    const offset = offsetOf(this.#elf, address)
    if (offset === undefined) throw new RangeError(`no entry at ${address.toString(16)}`)
    const length = new Cursor(this.#source.read(offset, LENGTH_BYTES)).u32()
    if (length > LONGEST_ENTRY) throw new RangeError(`an entry of ${length} bytes`)
    return new Cursor(this.#source.read(offset + LENGTH_BYTES, length), address + LENGTH_BYTES)
  }

  #fde(address: number): Fde {
    const cursor = this.#entry(address)
    const place = cursor.address
    const cie = this.#cie(place - cursor.u32())
    const start = cursor.pointer(cie.encoding)
    const end = start + cursor.pointer(cie.encoding & EH_PE.format)
    if (cie.augmented) cursor.block(cursor.uleb())
    return { cie, start, end, instructions: cursor.rest() }
  }

  #cie(address: number): Cie {
    const known = this.#cies.get(address)
    if (known) return known
    const cie = parseCie(this.#entry(address))
    this.#cies.set(address, cie)
    return cie
  }
}

function parseCie(cursor: Cursor): Cie {
  if (cursor.u32() !== 0) throw new RangeError('an FDE that names no CIE')
  const version = cursor.u8()
  const augmentation = cursor.text()
  if (version >= 4) cursor.block(2) // sizes of addresses and of segment selectors
  const codeAlignment = cursor.uleb()
  const dataAlignment = cursor.sleb()
  const returnColumn = version === 1 ? cursor.u8() : cursor.uleb()
  const augmented = augmentation.startsWith('z')
  if (augmented) cursor.uleb()
  let encoding: number = EH_PE.absolute
  for (const letter of augmented ? augmentation.slice(1) : augmentation) {
    if (letter === 'R') encoding = cursor.u8()
    else if (letter === 'L') cursor.u8()
    else if (letter === 'P') cursor.pointer(cursor.u8() & EH_PE.format)
    else if (letter !== 'S' && letter !== 'B') throw new RangeError(`augmentation ${augmentation}`)
  }
  const signalFrame = augmentation.includes('S')
  return {
    codeAlignment,
    dataAlignment,
    returnColumn,
    encoding,
    augmented,
    signalFrame,
    instructions: cursor.rest(),
  }
}
