/**
 * Parses the headers of a 64-bit little-endian ELF object: elf(5). A damaged object, or one of
 * another class, gives `undefined`.
 */
import type { ByteSource } from './source.ts'

export const PT = { load: 1, ehFrameHeader: 0x6474e550 } as const
export const SHT = { symbols: 2, dynamicSymbols: 11 } as const

const HEADER = 64
const PROGRAM_HEADER = 56
const SECTION_HEADER = 64
const MAGIC = 0x464c457f
/** EI_CLASS and EI_DATA, as stored in the file. */
const CLASS64_LITTLE = 0x0201
/** Offsets of the fields of the header. */
const AT = { class: 4, phoff: 32, shoff: 40, phnum: 56, shnum: 60, shstrndx: 62 } as const

/** A program header. */
export interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly fileSize: number
}

export interface Section {
  readonly name: string
  readonly type: number
  readonly address: number
  readonly offset: number
  readonly size: number
  readonly link: number
  readonly entrySize: number
}

export interface Elf {
  readonly segments: readonly Segment[]
  /** Empty if there are no section headers: in memory, or after sstrip. */
  readonly sections: readonly Section[]
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export function parseElf(source: ByteSource): Elf | undefined {
  const header = source.read(0, HEADER)
  const view = viewOf(header)
  if (header.length < HEADER || view.getUint32(0, true) !== MAGIC) return undefined
  if (view.getUint16(AT.class) !== CLASS64_LITTLE) return undefined
  return { segments: segmentsOf(source, view), sections: sectionsOf(source, view) }
}

const word = (view: DataView, at: number): number => Number(view.getBigUint64(at, true))

function segmentsOf(source: ByteSource, header: DataView): Segment[] {
  const bytes = source.read(word(header, AT.phoff), header.getUint16(AT.phnum, true) * PROGRAM_HEADER)
  const view = viewOf(bytes)
  return Array.from({ length: Math.floor(bytes.length / PROGRAM_HEADER) }, (_, index) => {
    const at = index * PROGRAM_HEADER
    return {
      type: view.getUint32(at, true),
      offset: word(view, at + 8),
      address: word(view, at + 16),
      fileSize: word(view, at + 32),
    }
  })
}

function sectionsOf(source: ByteSource, header: DataView): Section[] {
  const count = header.getUint16(AT.shnum, true)
  const bytes = source.read(word(header, AT.shoff), count * SECTION_HEADER)
  if (count === 0 || bytes.length < count * SECTION_HEADER) return []
  const view = viewOf(bytes)
  const names = header.getUint16(AT.shstrndx, true) * SECTION_HEADER
  if (names + SECTION_HEADER > bytes.length) return []
  const strings = source.read(word(view, names + 24), word(view, names + 32))
  return Array.from({ length: count }, (_, index) => {
    const at = index * SECTION_HEADER
    return {
      name: stringAt(strings, view.getUint32(at, true)),
      type: view.getUint32(at + 4, true),
      address: word(view, at + 16),
      offset: word(view, at + 24),
      size: word(view, at + 32),
      link: view.getUint32(at + 40, true),
      entrySize: word(view, at + 56),
    }
  })
}

/** A string of a string table. */
export function stringAt(strings: Uint8Array, at: number): string {
  const end = strings.indexOf(0, at)
  return Buffer.from(strings.subarray(at, end < 0 ? strings.length : end)).toString('utf8')
}

/**
 * The address, in the object's own address space, of an offset in the file, if a loaded segment
 * contains it.
 */
export function addressOf({ segments }: Elf, offset: number): number | undefined {
  for (const { type, offset: start, address, fileSize } of segments)
    if (type === PT.load && offset >= start && offset < start + fileSize) return offset - start + address
  return undefined
}

/** The inverse of `addressOf`. */
export function offsetOf({ segments }: Elf, address: number): number | undefined {
  for (const { type, offset, address: start, fileSize } of segments)
    if (type === PT.load && address >= start && address < start + fileSize) return address - start + offset
  return undefined
}
