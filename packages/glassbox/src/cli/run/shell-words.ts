/** Words as a shell takes them, for commands that a person can copy. */

/** @example quoted("it's") // "'it'\\''s'" */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
