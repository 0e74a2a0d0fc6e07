/**
 * Sorts by name, in pieces, because a program can make a directory with very many entries.
 */
import type { Pace } from './pace.ts'

/** Items that are sorted without a break: less than a millisecond of work. */
const RUN_LENGTH = 1024

interface Named {
  readonly name: string
}

const byName = (a: Named, b: Named): number => (a.name < b.name ? -1 : 1)

/** Returns a new list, in the order of the names' code units. */
export async function sortByName<T extends Named>(items: readonly T[], pace: Pace): Promise<T[]> {
  let runs: T[][] = []
  for (let at = 0; at < items.length; at += RUN_LENGTH) {
    runs.push(items.slice(at, at + RUN_LENGTH).sort(byName))
    await pace.rest()
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2)
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], pace))
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<T extends Named>(a: readonly T[], b: readonly T[], pace: Pace): Promise<T[]> {
  const merged: T[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [left, right] = [a[i], b[j]]
    const takesLeft = right === undefined || (left !== undefined && left.name < right.name)
    const next = takesLeft ? left : right
    if (next !== undefined) merged.push(next)
    if (takesLeft) i++
    else j++
    if (merged.length % RUN_LENGTH === 0) await pace.rest()
  }
  return merged
}
