/**
 * Loading an image into an empty address space: segments, heap, stack, vDSO. Nothing is left of
 * the old program by now, so a failure ends the process: the caller kills it.
 */
import { readFileSync } from 'node:fs'
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import type { AddressSpace } from '../address-space.ts'
import { AREA_GROWS_DOWN, AREA_MAY_EXECUTE, AREA_MAY_WRITE } from '../areas/area.ts'
import { chooseLayout } from '../layout.ts'
import { mapAnonymous, mapFile } from '../map.ts'
import type { MappedFile } from '../mapped-file.ts'
import { PAGE_SIZE, pageEnd, pageStart } from '../pages/page.ts'
import { copyPages } from '../touch.ts'
import { AUX, buildStack } from './arguments.ts'
import { type Elf, SEGMENT_EXECUTE, SEGMENT_READ, SEGMENT_WRITE, type Segment } from './elf.ts'
import type { Image } from './image.ts'
import { mapVdso } from './map-vdso.ts'

const ENOMEM = ERRNO.ENOMEM

/** What a stack has at the start beside the arguments. */
const STACK_ROOM = 128 * 1024
const CLOCK_TICKS = 100
const PROGRAM_HEADER_SIZE = 56
const MAY_ALL = AREA_MAY_WRITE | AREA_MAY_EXECUTE

/** What the auxiliary vector says about the process. */
export interface ImageFacts {
  readonly uid: number
  readonly euid: number
  readonly gid: number
  readonly egid: number
  /** Whether the program runs with rights that its caller does not have. */
  readonly secure: boolean
  /** The path as execve(2) was given it. */
  readonly execPath: Uint8Array
  /** The bytes of a signal frame: AT_MINSIGSTKSZ. */
  readonly signalFrameSize: number
}

/** Where a program begins. */
export interface Start {
  readonly ip: number
  readonly sp: number
}

/**
 * Loads the image. `random` fills an array: AT_RANDOM, and the layout if it is given as
 * `randomLayout`. `space.limits` is set. Returns −ENOMEM if it does not fit.
 */
export function loadImage(
  space: AddressSpace,
  image: Image,
  strings: { readonly args: readonly Uint8Array[]; readonly env: readonly Uint8Array[] },
  facts: ImageFacts,
  random: (target: Uint8Array) => void,
): Start | number {
  const stackLimit = space.limits[3]?.soft ?? 8 * 1024 * 1024
  space.layout = chooseLayout(space.world.platform.maxAddress, stackLimit, below =>
    randomBelow(random, below),
  )
  const program = loadElf(space, image.file, image.elf, image.elf.movable ? space.layout.programBase : 0)
  if (program === undefined) return -ENOMEM
  const heapStart = program.end + space.layout.brkGap
  space.program.heapStart = heapStart
  space.program.heapEnd = heapStart
  let { entry } = program
  let base = 0
  if (image.interpreter !== undefined) {
    const { file, elf } = image.interpreter
    base = elf.movable ? placeOf(space, elf) : 0
    const loaded = base < 0 ? undefined : loadElf(space, file, elf, base)
    if (loaded === undefined) return -ENOMEM
    entry = loaded.entry
  }
  const vdso = mapVdso(space)
  const values: (readonly [number, number])[] = [
    ...(vdso === undefined ? [] : [[AUX.vdso, vdso] as const]),
    [AUX.minSignalStack, facts.signalFrameSize],
    [AUX.hardware, HOST.hardware],
    [AUX.pageSize, PAGE_SIZE],
    [AUX.clockTicks, CLOCK_TICKS],
    [AUX.programHeaders, program.headers],
    [AUX.programHeaderSize, PROGRAM_HEADER_SIZE],
    [AUX.programHeaderCount, image.elf.programHeaders.count],
    [AUX.base, base],
    [AUX.flags, 0],
    [AUX.entry, program.entry],
    [AUX.uid, facts.uid],
    [AUX.euid, facts.euid],
    [AUX.gid, facts.gid],
    [AUX.egid, facts.egid],
    [AUX.secure, facts.secure ? 1 : 0],
    [AUX.hardware2, HOST.hardware2],
  ]
  const sp = loadStack(space, image, { ...strings, execPath: facts.execPath }, values, random)
  return sp < 0 ? sp : { ip: entry, sp }
}

function loadStack(
  space: AddressSpace,
  image: Image,
  strings: { args: readonly Uint8Array[]; env: readonly Uint8Array[]; execPath: Uint8Array },
  values: readonly (readonly [number, number])[],
  random: (target: Uint8Array) => void,
): number {
  const bytes = new Uint8Array(16)
  random(bytes)
  const top = space.layout.stackTop
  const block = buildStack(top, { ...strings, random: bytes }, values)
  const protection = PROT_READ | PROT_WRITE | (image.elf.executableStack ? PROT_EXEC : 0)
  const start = pageStart(block.sp) - STACK_ROOM
  const flags = AREA_GROWS_DOWN | MAY_ALL
  if (!mapAnonymous(space, { start, end: top, protection, flags, name: 'stack' })) return -ENOMEM
  if (space.memory.write(block.sp, block.bytes, 0, block.bytes.length) < 0) return -ENOMEM
  const { argumentsStart, argumentsEnd, environmentEnd, auxiliary } = block
  const { heapStart, heapEnd } = space.program
  space.program = { heapStart, heapEnd, argumentsStart, argumentsEnd, environmentEnd, auxiliary }
  return block.sp
}

interface Loaded {
  readonly entry: number
  /** The address of the program headers; 0 if no segment holds them. */
  readonly headers: number
  /** The end of the last page. */
  readonly end: number
}

function loadElf(space: AddressSpace, file: MappedFile, elf: Elf, near: number): Loaded | undefined {
  const first = elf.segments[0] as Segment
  const last = elf.segments.at(-1) as Segment
  const align = Math.max(PAGE_SIZE, ...elf.segments.map(segment => segment.align).filter(isPowerOfTwo))
  const base = elf.movable ? Math.floor(near / align) * align - pageStart(first.address) : 0
  const end = pageEnd(base + last.address + last.memorySize)
  const start = base + pageStart(first.address)
  if (start < 0 || end > space.world.platform.maxAddress || space.areas.occupied(start, end)) return undefined
  for (const segment of elf.segments) if (!loadSegment(space, file, segment, base)) return undefined
  const { offset } = elf.programHeaders
  const holder = elf.segments.find(s => offset >= s.offset && offset < s.offset + s.fileSize)
  const headers = holder === undefined ? 0 : base + holder.address + offset - holder.offset
  return { entry: base + elf.entry, headers, end }
}

function loadSegment(space: AddressSpace, file: MappedFile, segment: Segment, base: number): boolean {
  const protection =
    ((segment.flags & SEGMENT_READ) !== 0 ? PROT_READ : 0) |
    ((segment.flags & SEGMENT_WRITE) !== 0 ? PROT_WRITE : 0) |
    ((segment.flags & SEGMENT_EXECUTE) !== 0 ? PROT_EXEC : 0)
  const address = base + segment.address
  const start = pageStart(address)
  const fileEnd = address + segment.fileSize
  const memoryEnd = pageEnd(address + segment.memorySize)
  const middle = segment.fileSize === 0 ? start : pageEnd(fileEnd)
  if (middle > start) {
    const offset = segment.offset - (address - start)
    if (!mapFile(space, { start, end: middle, protection, flags: MAY_ALL }, file, offset)) return false
    const isZeroed = segment.memorySize > segment.fileSize && (protection & PROT_WRITE) !== 0
    if (isZeroed && !zeroTail(space, fileEnd)) return false
  }
  if (memoryEnd <= middle) return true
  return mapAnonymous(space, { start: middle, end: memoryEnd, protection, flags: MAY_ALL })
}

/** The rest of the last page of a file's part begins the part that is zero. */
function zeroTail(space: AddressSpace, fileEnd: number): boolean {
  const end = pageEnd(fileEnd)
  if (end === fileEnd) return true
  const page = pageStart(fileEnd)
  const area = space.areas.find(page)
  if (area === undefined) return false
  if (area.backing !== undefined && area.copyOnWrite && !copyPages(space, page, end)) return false
  return space.memory.zero(fileEnd, end - fileEnd) === 0
}

/** The interpreter goes where mmap(2) would put it. */
function placeOf(space: AddressSpace, elf: Elf): number {
  const first = elf.segments[0] as Segment
  const last = elf.segments.at(-1) as Segment
  const length = pageEnd(last.address + last.memorySize) - pageStart(first.address)
  return space.areas.gapBelow(space.layout.mmapBase, PAGE_SIZE, length, () => 0)
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value))
}

/** An integer from 0 up to, without, `below`: a power of two of up to 28 bits. */
function randomBelow(random: (target: Uint8Array) => void, below: number): number {
  const bytes = new Uint8Array(4)
  random(bytes)
  return new DataView(bytes.buffer).getUint32(0, true) % below
}

/** What the CPU of this machine can do: programs run on it as they are. */
const HOST = readHostAuxiliary()

function readHostAuxiliary(): { hardware: number; hardware2: number } {
  const bytes = readFileSync('/proc/self/auxv')
  const values = new Map<number, number>()
  for (let at = 0; at + 16 <= bytes.length; at += 16)
    values.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 8))
  return { hardware: values.get(AUX.hardware) ?? 0, hardware2: values.get(AUX.hardware2) ?? 0 }
}
