/**
 * Where things are placed in an address space, in the manner of Linux on x86-64: the program low,
 * the stack at the top, mappings below the stack from high to low. The world's random source moves
 * each of them; without one (all zeros) every run has the same addresses.
 */
import { PAGE_SIZE, pageEnd, pageStart } from './pages/page.ts'

/** The lowest address that a mapping may have: vm.mmap_min_addr. */
export const LOWEST_ADDRESS = 0x10000
/** Between a growing stack and the mapping below it. */
export const STACK_GUARD: number = 256 * PAGE_SIZE
const MIN_GAP = 128 * 1024 * 1024
const STACK_RANDOM_PAGES = 2 ** 22
const MMAP_RANDOM_PAGES = 2 ** 28
const BRK_RANDOM_PAGES = 2 ** 13

export interface Layout {
  /** The first address above the stack. */
  readonly stackTop: number
  /** Mappings are placed below it. */
  readonly mmapBase: number
  /** Where a program goes that may be anywhere: two thirds of the way up. */
  readonly programBase: number
  /** How far the heap begins above the program's end. */
  readonly brkGap: number
}

/**
 * `maxAddress`: the first address that a guest cannot have. `stackLimit`: RLIMIT_STACK in bytes.
 * `random` gives an integer from 0 up to its argument.
 */
export function chooseLayout(
  maxAddress: number,
  stackLimit: number,
  random: (below: number) => number,
): Layout {
  const top = maxAddress - PAGE_SIZE
  const stackTop = top - random(STACK_RANDOM_PAGES) * PAGE_SIZE
  const room = Math.floor(maxAddress / 6) * 5
  const gap = Math.min(Math.max(stackLimit, MIN_GAP), room) + STACK_GUARD + STACK_RANDOM_PAGES * PAGE_SIZE
  const mmapBase = pageEnd(maxAddress - gap) - random(MMAP_RANDOM_PAGES) * PAGE_SIZE
  return {
    stackTop,
    mmapBase,
    programBase: pageStart(maxAddress / 3) * 2 + random(MMAP_RANDOM_PAGES) * PAGE_SIZE,
    brkGap: random(BRK_RANDOM_PAGES) * PAGE_SIZE,
  }
}
