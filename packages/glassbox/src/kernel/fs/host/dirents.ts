/** What getdents64(2) of the host gave: struct linux_dirent64. */
import type { DirectoryEntry } from '../vfs.ts'

const NAME = 19

export function directoryEntries(bytes: Uint8Array, length: number): DirectoryEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  const entries: DirectoryEntry[] = []
  for (let at = 0; at < length; ) {
    const size = view.getUint16(at + 16, true)
    const end = buffer.indexOf(0, at + NAME)
    const name = buffer.toString('latin1', at + NAME, end)
    const ino = Number(view.getBigUint64(at, true))
    if (name !== '.' && name !== '..') entries.push({ name, ino, type: bytes[at + 18] ?? 0 })
    at += size
  }
  return entries
}
