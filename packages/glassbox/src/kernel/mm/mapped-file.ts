/** A file as a mapping remembers it: its pages, and how /proc/PID/maps names it. */
import type { Mappable } from './mappable.ts'

export interface MappedFile {
  readonly mappable: Mappable
  readonly device: number
  readonly inode: number
  /** The path as /proc/PID/maps shows it now. */
  path(): string
}
