/** Where the bytes of a file come from that is not only in memory. */

export interface FileSource {
  /**
   * Reads the file's bytes from `offset` on into `target` at `at`. Returns how many were read,
   * less only at the end of the file; or a negative errno.
   */
  load(offset: number, target: Uint8Array, at: number, length: number): number
  /** Writes bytes back. Absent: the file is only read, or nothing is written back. 0 or −errno. */
  store?(offset: number, source: Uint8Array, at: number, length: number): number
  /** Makes a hole: these bytes read as zero. Absent: holes are in the pages only. 0 or −errno. */
  punch?(offset: number, length: number): number
  /** The last mapping of the file has ended: until then `load` and `store` may be called. */
  unmapped?(): void
}
