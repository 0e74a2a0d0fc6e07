/**
 * Error numbers as plain constants, for code that answers with them at every call: `ERRNO` of
 * errno.ts is a dictionary.
 *
 * @example
 * if (name.length > 255) return -ENAMETOOLONG
 */
export * from './generated/errno-numbers.ts'
