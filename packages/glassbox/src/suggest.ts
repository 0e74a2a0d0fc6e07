/** The word that was probably meant. */

/** No option is as long, and the distance of two long words takes long to find. */
const LONGEST_WORD = 64

/** How many letters must change to make one word the other (Levenshtein). */
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
 * The nearest of some words, if one is near enough to be a slip: no more than a third of it
 * changed, and some of it right.
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
