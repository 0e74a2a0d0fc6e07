/** The file of a scripted program: a static ELF with an entry, and some pages of data. */

const PAGE = 4096
const HEADER = 64
const PROGRAM_HEADER = 56
const TEXT = 0x40_0000
/** Where each program has its data. */
export const DATA = 0x60_0000
export const DATA_PAGES = 64
const EXECUTABLE = 2
const X86_64 = 62
const LOAD = 1
const READ_EXECUTE = 5
const READ_WRITE = 6

export function programFile(entry: number): Uint8Array {
  const segments = [
    { flags: READ_EXECUTE, address: TEXT, fileSize: HEADER + 2 * PROGRAM_HEADER, memorySize: PAGE },
    { flags: READ_WRITE, address: DATA, fileSize: 0, memorySize: DATA_PAGES * PAGE },
  ]
  const file = Buffer.alloc(HEADER + segments.length * PROGRAM_HEADER)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(EXECUTABLE, 16)
  file.writeUInt16LE(X86_64, 18)
  file.writeBigUInt64LE(BigInt(entry), 24)
  file.writeBigUInt64LE(BigInt(HEADER), 32)
  file.writeUInt16LE(PROGRAM_HEADER, 54)
  file.writeUInt16LE(segments.length, 56)
  segments.forEach(({ flags, address, fileSize, memorySize }, index) => {
    const at = HEADER + index * PROGRAM_HEADER
    file.writeUInt32LE(LOAD, at)
    file.writeUInt32LE(flags, at + 4)
    const words = [0, address, address, fileSize, memorySize, PAGE]
    words.forEach((word, place) => file.writeBigUInt64LE(BigInt(word), at + 8 + place * 8))
  })
  return file
}
