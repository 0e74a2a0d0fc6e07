/**
 * Reads files that may be gone or that this user may not read. In both cases the result is empty,
 * without an error.
 */
import { readFileSync, readlinkSync } from 'node:fs'

export function orUndefined<Value>(look: () => Value): Value | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

export const bytesOf = (path: string): Buffer | undefined => orUndefined(() => readFileSync(path))
export const textOf = (path: string): string | undefined => orUndefined(() => readFileSync(path, 'latin1'))
export const linkOf = (path: string): Buffer | undefined => orUndefined(() => readlinkSync(path, 'buffer'))
