/** Numbers among the options, as strtoll(3) reads them. Pure. */

const INT_MAX = 2 ** 31 - 1

/** Blanks may stand before the digits, and a sign. */
export const UNSIGNED: string = String.raw`[ \t\n\v\f\r]*\+?\d+`
const WHOLE = new RegExp(`^(?:${UNSIGNED}|[ \\t\\n\\v\\f\\r]*-0+)$`)

/** The number, or undefined if the text is none between 0 and `most`. */
export function unsignedOf(text: string, most: number = INT_MAX): number | undefined {
  const number = WHOLE.test(text) ? Math.abs(Number(text)) : undefined
  return number !== undefined && number <= most ? number : undefined
}
