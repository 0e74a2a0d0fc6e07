/** Suggests the known word that a misspelt word probably stands for. Pure functions. */

/** Every option is shorter, and comparing two long words takes long. */
const LONGEST_WORD = 64

/** The number of letters to insert, remove or replace to turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1]
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/**
 * The known word nearest to `word`, if `word` can be a misspelling of it: at most a third of its
 * letters differ (two in a short word), and at least one letter is right.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of known) {
    const distance = editDistance(word, name)
    if (!best || distance < best.distance) best = { name, distance }
  }
  const allowed = Math.min(word.length - 1, Math.max(2, Math.floor(word.length / 3)))
  return best && best.distance <= allowed ? best.name : undefined
}
