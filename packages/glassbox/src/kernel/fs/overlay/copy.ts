/** Copies the contents of a file of the host into pages of a world: in pieces, without holes. */
import { O_NONBLOCK, O_RDONLY, SEEK_DATA, SEEK_HOLE } from '../../../linux/constants.ts'
import { EIO, ENOSPC, ENXIO } from '../../../linux/errno-numbers.ts'
import type { FilePages } from '../../mm/files/file-pages.ts'
import { ArrayTransfer } from '../array-transfer.ts'
import { attributesOf, closeHost, readAt, seekHost } from '../host/calls.ts'
import type { HostFile } from '../host/file.ts'

const PAGE = 4096
const PIECE = 256 * 1024

/**
 * Copies at most `most` bytes, which take at most `room` pages. 0, or a negative errno: −ENOSPC if
 * there is no room for them; the pages are the caller's to free.
 */
export function copyContents(lower: HostFile, pages: FilePages, most: number, room: number): number {
  if (most === 0 || lower.attributes().size === 0) return 0
  const fd = lower.fileSystem.open(lower, O_RDONLY | O_NONBLOCK)
  if (fd < 0) return fd
  const error = copyFrom(fd, pages, most, room)
  closeHost(fd)
  return error
}

function copyFrom(fd: number, pages: FilePages, most: number, room: number): number {
  const attributes = attributesOf(fd)
  if (typeof attributes === 'number') return attributes
  const end = Math.min(attributes.size, most)
  const buffer = new Uint8Array(Math.min(PIECE, end))
  for (let at = 0; at < end; ) {
    const data = seekHost(fd, at, SEEK_DATA)
    if (data === -ENXIO) break
    if (data < 0) return data
    const hole = seekHost(fd, data, SEEK_HOLE)
    if (hole < 0) return hole
    at = data
    while (at < Math.min(hole, end)) {
      // Pieces end with a page, so that none of the next ones has to be read again.
      const length = Math.min(PIECE - (at % PAGE), hole - at, end - at)
      if (pages.pages + Math.ceil(length / PAGE) > room) return -ENOSPC
      const read = readAt(fd, buffer.subarray(0, length), at)
      if (read < 0) return read
      if (read === 0) return pages.resize(end)
      const written = pages.write(new ArrayTransfer(buffer.subarray(0, read)), at)
      if (written !== read) return written < 0 ? written : -EIO
      at += read
    }
  }
  return pages.resize(end)
}
