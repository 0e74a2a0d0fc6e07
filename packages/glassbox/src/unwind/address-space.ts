/**
 * The mappings of a traced process. They are read when they are first needed, and read again only
 * after a call that may have changed where code is mapped. Processes that may share their memory
 * (threads' leaders and vfork children; other children too, until they execute a program) share a
 * mark, by which each notices that it must read again.
 */
import * as constants from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { MAPPING_CALLS, type MappingCall } from './mapping-calls.ts'
import { type Mapping, Maps } from './maps.ts'

const EXECUTABLE = BigInt(constants.PROT_EXEC)
const FIXED = BigInt(constants.MAP_FIXED)
const MOVED = BigInt(constants.MREMAP_FIXED)
const SHARED_CODE = BigInt(constants.SHM_EXEC)

/** `maps`: the mappings before the call; `undefined` if they were not read. */
type Change = (args: readonly bigint[], maps: Maps | undefined) => boolean

const covers =
  (address: number, length: number): Change =>
  (args, maps) => {
    const start = Number(args[address] ?? 0n)
    return maps?.hasCode(start, start + Number(args[length] ?? 0n)) ?? true
  }

const isExecutable = (args: readonly bigint[]): boolean => ((args[2] ?? 0n) & EXECUTABLE) !== 0n
const protect: Change = (args, maps) => isExecutable(args) || covers(0, 1)(args, maps)

/**
 * The calls that can change where code is mapped, and whether a given call did. brk and stacks
 * never do.
 */
const CHANGES: Readonly<Record<MappingCall, Change>> = {
  mmap: (args, maps) => isExecutable(args) || (((args[3] ?? 0n) & FIXED) !== 0n && covers(0, 1)(args, maps)),
  mprotect: protect,
  pkey_mprotect: protect,
  munmap: covers(0, 1),
  mremap: (args, maps) =>
    covers(0, 1)(args, maps) || (((args[3] ?? 0n) & MOVED) !== 0n && covers(4, 2)(args, maps)),
  remap_file_pages: covers(0, 1),
  shmat: args => ((args[2] ?? 0n) & SHARED_CODE) !== 0n,
  shmdt: (args, maps) => !maps || maps.find(Number(args[0] ?? 0n))?.executable === true,
}

const BY_NUMBER = new Map(MAPPING_CALLS.map(name => [syscallNumber(name), CHANGES[name]]))

/** Counts the changes to the memory of the processes that share this mark. */
export interface Mark {
  count: number
}

export class AddressSpace {
  mark: Mark
  #seen = -1
  #maps = new Maps([])

  constructor(mark: Mark = { count: 0 }) {
    this.mark = mark
  }

  /** `subject`: a living thread of the process. The leader may have ended. */
  maps(subject: { mappings(): readonly Mapping[] }): Maps {
    if (this.#seen === this.mark.count) return this.#maps
    this.#seen = this.mark.count
    this.#maps = new Maps(subject.mappings())
    return this.#maps
  }

  /**
   * A call returned without an error. `native`: it has a number of x86-64. Calls of other ABIs
   * are assumed to change the mappings.
   */
  called(nr: number, args: readonly bigint[], native: boolean): void {
    // Mappings that were read before the latest change cannot tell whether this call changes
    // anything for the processes that share the memory.
    const maps = this.#seen === this.mark.count ? this.#maps : undefined
    if (!native || BY_NUMBER.get(nr)?.(args, maps)) this.mark.count++
  }

  /** The process executed another program, so it shares memory with no other process. */
  replaced(): void {
    this.mark = { count: 0 }
    this.#seen = -1
  }
}
