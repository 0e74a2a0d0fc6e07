/**
 * Runs of free pages, found by length. A run is written into arrays that are indexed by page: its
 * length stands at its first page and, in another array, at its last page, so that a neighbour
 * that becomes free finds it and the two become one.
 *
 * Runs are of two kinds that never join: 'clean' ones read as zero and cost the host nothing;
 * 'dirty' ones hold what was left in them. Lists of runs are kept by the power of two below their
 * length, linked through arrays as well: nothing here allocates objects.
 */

export const CLEAN = 0
export const DIRTY = 1
export type RunKind = typeof CLEAN | typeof DIRTY

const CLASSES = 32
/** How many runs of the wanted class are tried before a longer class is taken. */
const TRIES = 8
const NONE = -1

export class FreeRuns {
  /** At the first page of a run its length, negative if it is dirty; 0 elsewhere. */
  #starts = new Int32Array(0)
  /** The same at its last page. */
  #ends = new Int32Array(0)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  readonly #heads = new Int32Array(2 * CLASSES).fill(NONE)
  readonly #pages = [0, 0]

  /** Room for runs among this many pages. */
  grow(pages: number): void {
    this.#starts = grown(this.#starts, pages)
    this.#ends = grown(this.#ends, pages)
    this.#next = grown(this.#next, pages)
    this.#previous = grown(this.#previous, pages)
  }

  /** The number of free pages of a kind. */
  pages(kind: RunKind): number {
    return this.#pages[kind] as number
  }

  add(first: number, count: number, kind: RunKind): void {
    let start = first
    let length = count
    const before = first > 0 ? lengthAt(this.#ends, first - 1, kind) : 0
    if (before > 0) {
      start -= before
      length += before
      this.#unlink(start, before, kind)
    }
    const after = lengthAt(this.#starts, first + count, kind)
    if (after > 0) {
      length += after
      this.#unlink(first + count, after, kind)
    }
    this.#link(start, length, kind)
  }

  /** Takes `count` pages that lie side by side; −1 if there is no such run. */
  take(count: number, kind: RunKind): number {
    let list = classOf(count)
    let tries = TRIES
    for (let run = this.#head(list, kind); run !== NONE && tries > 0; run = this.#next[run] as number) {
      if (lengthAt(this.#starts, run, kind) >= count) return this.#takeFrom(run, count, kind)
      tries--
    }
    for (list += 1; list < CLASSES; list++) {
      const run = this.#head(list, kind)
      if (run !== NONE) return this.#takeFrom(run, count, kind)
    }
    return NONE
  }

  /** Takes `count` pages from `first` on, if a run begins there and is long enough. */
  takeAt(first: number, count: number, kind: RunKind): boolean {
    if (lengthAt(this.#starts, first, kind) < count) return false
    this.#takeFrom(first, count, kind)
    return true
  }

  /** Takes the longest runs first, until none of at least `least` pages is left. */
  takeLongest(least: number, kind: RunKind): { first: number; count: number } | undefined {
    for (let list = CLASSES - 1; list >= classOf(least); list--) {
      for (let run = this.#head(list, kind); run !== NONE; run = this.#next[run] as number) {
        const count = lengthAt(this.#starts, run, kind)
        if (count < least) continue
        this.#unlink(run, count, kind)
        return { first: run, count }
      }
    }
    return undefined
  }

  #head(list: number, kind: RunKind): number {
    return this.#heads[kind * CLASSES + list] as number
  }

  #takeFrom(run: number, count: number, kind: RunKind): number {
    const length = lengthAt(this.#starts, run, kind)
    this.#unlink(run, length, kind)
    if (length > count) this.#link(run + count, length - count, kind)
    return run
  }

  #link(first: number, count: number, kind: RunKind): void {
    const list = kind * CLASSES + classOf(count)
    const head = this.#heads[list] as number
    this.#next[first] = head
    this.#previous[first] = NONE
    if (head !== NONE) this.#previous[head] = first
    this.#heads[list] = first
    const length = kind === DIRTY ? -count : count
    this.#starts[first] = length
    this.#ends[first + count - 1] = length
    this.#pages[kind] = (this.#pages[kind] as number) + count
  }

  #unlink(first: number, count: number, kind: RunKind): void {
    const next = this.#next[first] as number
    const previous = this.#previous[first] as number
    if (next !== NONE) this.#previous[next] = previous
    if (previous === NONE) this.#heads[kind * CLASSES + classOf(count)] = next
    else this.#next[previous] = next
    this.#starts[first] = 0
    this.#ends[first + count - 1] = 0
    this.#pages[kind] = (this.#pages[kind] as number) - count
  }
}

/** The length of a run of this kind that is written there; 0 or less if there is none. */
function lengthAt(lengths: Int32Array, page: number, kind: RunKind): number {
  const length = lengths[page] ?? 0
  return kind === DIRTY ? -length : length
}

function classOf(count: number): number {
  return 31 - Math.clz32(count)
}

function grown(old: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const array = new Int32Array(length)
  array.set(old)
  return array
}
