/**
 * Walks the stack of a stopped thread, from the innermost frame to the outermost. The walk ends
 * at the frame that is marked as the outermost, at the frame limit, at an instruction pointer
 * outside named code, at unreadable memory, or if no rule says how to continue.
 */
import type { MemoryReader } from '../decode/memory.ts'
import type { AddressSpace } from './address-space.ts'
import type { ElfObject } from './elf-object.ts'
import { guess } from './guess.ts'
import type { Mapping } from './maps.ts'
import type { MappedProcess, Objects } from './objects.ts'
import { type Registers, RETURN, RSP } from './registers.ts'
import { stepBy } from './step.ts'
import type { Nearest } from './symbols.ts'

export interface Frame {
  /**
   * The instruction pointer. It is after the call, except in the innermost frame and in one that
   * a signal interrupted.
   */
  readonly address: bigint
  /**
   * The file that is mapped there, as /proc/PID/maps names it. `undefined` if there is none; no
   * frame follows then.
   */
  readonly object: string | undefined
  /** The offset of the address in the file. */
  readonly fileOffset: number
  readonly symbol: Nearest | undefined
}

export interface Stack {
  /** The innermost frame first. */
  readonly frames: readonly Frame[]
  /** The frame limit ended the walk, so there are more frames. */
  readonly cut: boolean
}

interface Position {
  readonly registers: Registers
  readonly cfa: bigint
  /**
   * The address is after a call. The call itself is looked up, because it may be the last
   * instruction of its function.
   */
  readonly called: boolean
}

export function unwind(
  registers: Registers,
  thread: MappedProcess,
  space: AddressSpace,
  objects: Objects,
  limit: number,
): Stack {
  const frames: Frame[] = []
  const maps = space.maps(thread)
  let position: Position | undefined = { registers, cfa: registers[RSP] ?? 0n, called: false }
  while (position && frames.length < limit) {
    const address: bigint = position.registers[RETURN] ?? 0n
    if (address === 0n) return { frames, cut: false }
    const mapping = maps.find(Number(address))
    if (!mapping?.executable) {
      frames.push({ address, object: undefined, fileOffset: 0, symbol: undefined })
      return { frames, cut: false }
    }
    const object = objects.of(mapping, maps, thread)
    frames.push(frameAt(address, position.called, mapping, object))
    position = next(position, mapping, object, thread)
  }
  return { frames, cut: position !== undefined }
}

const offsetIn = ({ start, offset }: Mapping, address: bigint): number => Number(address) - start + offset

function frameAt(address: bigint, called: boolean, mapping: Mapping, object: ElfObject | undefined): Frame {
  const fileOffset = offsetIn(mapping, address)
  const back = called ? 1 : 0
  const found = object?.nameAt(fileOffset - back)
  const symbol = found && back > 0 ? { ...found, offset: found.offset + back } : found
  return { address, object: mapping.name, fileOffset, symbol }
}

/** The caller's frame; `undefined` if this frame is the outermost, or the walk is lost. */
function next(
  position: Position,
  mapping: Mapping,
  object: ElfObject | undefined,
  memory: MemoryReader,
): Position | undefined {
  const { registers, called } = position
  const address = registers[RETURN] ?? 0n
  const row = object?.rowAt(offsetIn(mapping, address) - (called ? 1 : 0))
  try {
    const above = row ? stepBy(row, registers, memory) : guess(registers, position.cfa, memory)
    if (!above || (above.registers[RETURN] === address && above.cfa === position.cfa)) return undefined
    const interrupted = row ? row.signalFrame : 'interrupted' in above && above.interrupted === true
    return { registers: above.registers, cfa: above.cfa, called: !interrupted }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
