/**
 * Names and paths with wildcards. Programs choose the names that are compared, so a comparison
 * takes at most time by the length of the name times that of the pattern, whatever they contain.
 * (A regular expression takes time by a power of the length with as many stars.)
 */

/** A name with wildcards, by its characters. `*`: any characters; `?`: one. */
export type NamePattern = readonly string[]

/** A path with wildcards, by its names. Undefined for `**`, which stands for any directories. */
export type PathPattern = readonly (NamePattern | undefined)[]

/**
 * Whether the items are what the pattern says, in its order. After a star that matched too little,
 * only the last star is tried with more: the earlier ones need not match more than they do.
 */
function isMatch<Part, Item>(
  pattern: readonly Part[],
  items: readonly Item[],
  isStar: (part: Part) => boolean,
  fits: (part: Part, item: Item) => boolean,
): boolean {
  let part = 0
  let star = -1
  let resume = 0
  for (let at = 0; at < items.length; ) {
    if (part < pattern.length && isStar(pattern[part] as Part)) {
      star = part++
      resume = at
    } else if (part < pattern.length && fits(pattern[part] as Part, items[at] as Item)) {
      part++
      at++
    } else if (star >= 0) {
      part = star + 1
      at = ++resume
    } else return false
  }
  return pattern.slice(part).every(isStar)
}

/** @example matchesName(namePattern('*.csv'), 'data.csv') // true */
export const namePattern = (text: string): NamePattern => Array.from(text)

/** @example pathPattern(['a', '**', '*.csv']) */
export const pathPattern = (names: readonly string[]): PathPattern =>
  names.map(name => (name === '**' ? undefined : namePattern(name)))

export const matchesName = (pattern: NamePattern, name: string): boolean =>
  isMatch(
    pattern,
    Array.from(name),
    part => part === '*',
    (part, character) => part === '?' || part === character,
  )

/** `**` also stands for no directory. */
export const matchesPath = (pattern: PathPattern, names: readonly string[]): boolean =>
  isMatch(
    pattern,
    names,
    part => part === undefined,
    (part, name) => part !== undefined && matchesName(part, name),
  )
