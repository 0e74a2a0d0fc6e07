/**
 * Numbers in options and in the config file. What C's atof() and strtol() take silently for
 * something else is an error here.
 */

const MAX_INT = 2147483647
const MS = 1000
const INTEGER = /^\s*\+?\d+$/
/** As printf prints numbers with %f, %g and %e. */
const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Why the text is not a number that an option can have. */
export class NumberFault extends Error {}

/** 0 to 2147483647, base 10. Throws NumberFault. */
export function integer(text: string): number {
  if (!INTEGER.test(text)) throw new NumberFault('a number without sign and fraction is needed')
  const value = Number(text)
  if (value > MAX_INT) throw new NumberFault(`the largest is ${MAX_INT}`)
  return value
}

/** 0 is "not asked for". Throws NumberFault. */
export function positive(text: string): number | undefined {
  return integer(text) || undefined
}

/**
 * Seconds as whole milliseconds. More than nothing stays more than nothing, because 0 means that
 * there is no limit. Throws NumberFault.
 */
export function milliseconds(text: string): number | undefined {
  if (!DECIMAL.test(text)) throw new NumberFault('a number of seconds is needed, such as 1.5')
  const seconds = Number(text)
  if (seconds < 0) throw new NumberFault('a time cannot be negative')
  if (seconds * MS > MAX_INT) throw new NumberFault(`the largest is ${MAX_INT / MS} seconds`)
  if (seconds === 0) return undefined
  return Math.max(1, Math.trunc(roundOff(seconds * MS)))
}

/** 0.29 * 1000 is a little less than 290: the decimals that were meant are at most nine. */
const roundOff = (value: number): number => Number(value.toFixed(6))
