/**
 * What lies where in a process. Only what has a name: files, and what the kernel names in
 * brackets.
 */
import { lastAtOrBefore } from './symbols.ts'

export interface Mapping {
  readonly start: number
  readonly end: number
  readonly executable: boolean
  /** Of the file. */
  readonly offset: number
  /** `fe:00`, and the inode: 0 for what is no file. */
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

  /** Whether code lies between the two addresses. */
  hasCode(start: number, end: number): boolean {
    return this.all.some(each => each.executable && each.start < end && start < each.end)
  }
}
