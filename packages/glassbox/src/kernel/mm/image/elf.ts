/**
 * The headers of an ELF file for x86-64: elf(5). Only what execve(2) needs. Everything that is
 * read comes from a guest's file, so each number is checked before it is used.
 */
import { ERRNO } from '../../../linux/errno.ts'
import type { Mappable } from '../mappable.ts'
import type { WorldMemory } from '../world-memory.ts'
import { PAGE_SIZE } from '../pages/page.ts'

const ENOEXEC = ERRNO.ENOEXEC

const HEADER_SIZE = 64
const PROGRAM_HEADER_SIZE = 56
const MAX_PROGRAM_HEADERS = 65_536
const MACHINE_X86_64 = 62
const TYPE_EXECUTABLE = 2
const TYPE_DYNAMIC = 3

const SEGMENT_LOAD = 1
const SEGMENT_INTERPRETER = 3
const SEGMENT_GNU_STACK = 0x6474e551
export const SEGMENT_EXECUTE = 1
export const SEGMENT_WRITE = 2
export const SEGMENT_READ = 4

const PATH_MAX = 4096

export interface Segment {
  /** SEGMENT_EXECUTE, SEGMENT_WRITE and SEGMENT_READ. */
  readonly flags: number
  readonly offset: number
  readonly address: number
  readonly fileSize: number
  readonly memorySize: number
  readonly align: number
}

export interface Elf {
  /** Whether it may be loaded at any address. */
  readonly movable: boolean
  readonly entry: number
  readonly programHeaders: { readonly offset: number; readonly count: number }
  /** In ascending order of their addresses. */
  readonly segments: readonly Segment[]
  /** The path of its interpreter, as latin1. */
  readonly interpreter: string | undefined
  /** Whether its stack may be executed: PT_GNU_STACK. */
  readonly executableStack: boolean
}

/** Reads bytes of a file through its pages; fewer at its end, or a negative errno. */
export function readBytes(
  world: WorldMemory,
  file: Mappable,
  offset: number,
  length: number,
): Uint8Array | number {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.size - offset)))
  const allocator = file.backing === 'cache' ? world.cache : world.world
  for (let done = 0; done < bytes.length; ) {
    const at = offset + done
    const page = file.page(at - (at % PAGE_SIZE))
    if (page < 0) return page
    if (!allocator.ensure(page, PAGE_SIZE)) return -ERRNO.EIO
    const count = Math.min(bytes.length - done, PAGE_SIZE - (at % PAGE_SIZE))
    const start = (page % allocator.memory.chunkSize) + (at % PAGE_SIZE)
    bytes.set(allocator.memory.chunk(page).bytes.subarray(start, start + count), done)
    done += count
  }
  return bytes
}

/** The headers of files that do not change: those in the page cache. */
const known = new WeakMap<Mappable, Elf | number>()

/** −ENOEXEC if it is no program for this kernel. */
export function readElf(world: WorldMemory, file: Mappable): Elf | number {
  const before = known.get(file)
  if (before !== undefined) return before
  const elf = readHeaders(world, file)
  if (file.backing === 'cache' && (typeof elf !== 'number' || elf === -ENOEXEC)) known.set(file, elf)
  return elf
}

function readHeaders(world: WorldMemory, file: Mappable): Elf | number {
  const header = readBytes(world, file, 0, HEADER_SIZE)
  if (typeof header === 'number') return header
  if (header.length < HEADER_SIZE || !isForThisMachine(header)) return -ENOEXEC
  const view = new DataView(header.buffer)
  const type = view.getUint16(16, true)
  const count = view.getUint16(56, true)
  const offset = word(view, 32)
  const sizeIsRight = view.getUint16(54, true) === PROGRAM_HEADER_SIZE
  if (type !== TYPE_EXECUTABLE && type !== TYPE_DYNAMIC) return -ENOEXEC
  if (!sizeIsRight || count === 0 || count * PROGRAM_HEADER_SIZE > MAX_PROGRAM_HEADERS) return -ENOEXEC
  const table = readBytes(world, file, offset, count * PROGRAM_HEADER_SIZE)
  if (typeof table === 'number' || table.length < count * PROGRAM_HEADER_SIZE) return -ENOEXEC
  return readProgramHeaders(world, file, new DataView(table.buffer), {
    movable: type === TYPE_DYNAMIC,
    entry: word(view, 24),
    programHeaders: { offset, count },
  })
}

/** 64-bit, little endian, x86-64. */
function isForThisMachine(header: Uint8Array): boolean {
  const [a, b, c, d, width, order] = header
  if (a !== 0x7f || b !== 0x45 || c !== 0x4c || d !== 0x46) return false
  return (
    width === 2 && order === 1 && (header[18] as number) + (header[19] as number) * 256 === MACHINE_X86_64
  )
}

function readProgramHeaders(
  world: WorldMemory,
  file: Mappable,
  table: DataView,
  facts: Pick<Elf, 'movable' | 'entry' | 'programHeaders'>,
): Elf | number {
  const segments: Segment[] = []
  let interpreter: string | undefined
  let executableStack = false
  for (let at = 0; at < table.byteLength; at += PROGRAM_HEADER_SIZE) {
    const type = table.getUint32(at, true)
    const segment: Segment = {
      flags: table.getUint32(at + 4, true),
      offset: word(table, at + 8),
      address: word(table, at + 16),
      fileSize: word(table, at + 32),
      memorySize: word(table, at + 40),
      align: word(table, at + 48),
    }
    if (type === SEGMENT_GNU_STACK) executableStack = (segment.flags & SEGMENT_EXECUTE) !== 0
    if (type === SEGMENT_LOAD) {
      if (!isUsable(segment, segments.at(-1))) return -ENOEXEC
      if (segment.memorySize > 0) segments.push(segment)
    }
    if (type === SEGMENT_INTERPRETER && interpreter === undefined) {
      const path = readInterpreter(world, file, segment)
      if (typeof path === 'number') return path
      interpreter = path
    }
  }
  return segments.length === 0 ? -ENOEXEC : { ...facts, segments, interpreter, executableStack }
}

function isUsable(segment: Segment, before: Segment | undefined): boolean {
  const { address, offset, fileSize, memorySize } = segment
  return (
    [address, offset, fileSize, memorySize].every(Number.isSafeInteger) &&
    fileSize <= memorySize &&
    address % PAGE_SIZE === offset % PAGE_SIZE &&
    (before === undefined || address >= before.address + before.memorySize)
  )
}

function readInterpreter(world: WorldMemory, file: Mappable, segment: Segment): string | number {
  if (segment.fileSize < 2 || segment.fileSize > PATH_MAX) return -ENOEXEC
  const bytes = readBytes(world, file, segment.offset, segment.fileSize)
  if (typeof bytes === 'number') return bytes
  if (bytes.length < segment.fileSize) return -ERRNO.EIO
  if (bytes.at(-1) !== 0) return -ENOEXEC
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('latin1')
}

/** A 64-bit number; beyond 2^53 it is not exact, and refused as no safe integer. */
function word(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
}
