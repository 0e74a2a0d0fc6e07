/**
 * The mappings of a process that have a name: files, and those that the kernel names in brackets.
 */
import { lastAtOrBefore } from './symbols.ts'

export interface Mapping {
  readonly start: number
  readonly end: number
  readonly executable: boolean
  /** The offset in the file. */
  readonly offset: number
  /** The device, for example `fe:00`. The inode is 0 if the mapping is not a file. */
  readonly device: string
  readonly inode: number
  readonly name: string
}

/** The mappings of a process at one time, by address. */
export class Maps {
  readonly all: readonly Mapping[]
  readonly #starts: Float64Array

  constructor(all: readonly Mapping[]) {
    this.all = all
    this.#starts = Float64Array.from(all, ({ start }) => start)
  }

  find(address: number): Mapping | undefined {
    const found = this.all[lastAtOrBefore(this.#starts, address)]
    return found && address < found.end ? found : undefined
  }

  /** Whether code is mapped between the two addresses. */
  hasCode(start: number, end: number): boolean {
    return this.all.some(each => each.executable && each.start < end && start < each.end)
  }
}
