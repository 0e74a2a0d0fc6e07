/** The page: the unit of mapping, of sharing and of counting. */

export const PAGE_SIZE = 4096

/** Rounds down to the start of its page. */
export function pageStart(value: number): number {
  return Math.floor(value / PAGE_SIZE) * PAGE_SIZE
}

/** Rounds up to a multiple of the page size. */
export function pageEnd(value: number): number {
  return Math.ceil(value / PAGE_SIZE) * PAGE_SIZE
}
