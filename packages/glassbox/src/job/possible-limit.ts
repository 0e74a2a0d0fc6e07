/**
 * Limits that refuse something by an error or a signal, as a result names them; limit-signs.ts
 * finds them.
 */

/** Limits that a program meets as an error or a signal, by their option names. */
export type RefusingLimit =
  | 'openFiles'
  | 'stackBytes'
  | 'fileSizeBytes'
  | 'processes'
  | 'diskBytes'
  | 'diskFiles'

/**
 * A limit that may be the reason why a program failed.
 *
 * @example
 * { kind: 'openFiles', limit: 256, sign: 'stderr says "Too many open files"' }
 */
export interface PossibleLimit {
  readonly kind: RefusingLimit
  /** The limit. Its unit is in the name of the kind. */
  readonly limit: number
  /** What was seen, in words. */
  readonly sign: string
}

/** The capacity of each writable directory of a job's own, and which capacities were used up. */
export interface DiskUse {
  readonly diskBytes: number
  readonly diskFiles: number
  readonly full: readonly ('diskBytes' | 'diskFiles')[]
}
