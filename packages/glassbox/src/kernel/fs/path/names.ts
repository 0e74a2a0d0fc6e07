/**
 * From the bytes of a name to its one string, without making a string of a name that was seen
 * before. A string is a key of the maps of directories; each of its characters is one byte.
 */

const SLOTS = 1 << 14
/** So many names are kept; a guest that makes up more starts the table anew. */
const MOST_NAMES = 1 << 16

interface Entry {
  readonly hash: number
  readonly bytes: Uint8Array
  readonly text: string
  readonly next: Entry | undefined
}

const emptySlots = (): (Entry | undefined)[] => Array.from<Entry | undefined>({ length: SLOTS })

let slots = emptySlots()
let count = 0

/** The string of the bytes from `start` to `end`. */
export function nameOf(bytes: Uint8Array, start: number, end: number): string {
  let hash = end - start
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  const slot = hash & (SLOTS - 1)
  for (let entry = slots[slot]; entry !== undefined; entry = entry.next) {
    if (entry.hash === hash && isSame(entry.bytes, bytes, start, end)) return entry.text
  }
  if (++count > MOST_NAMES) {
    slots = emptySlots()
    count = 1
  }
  // Not slice(): that of a Buffer shares its memory.
  const copy = Uint8Array.from(bytes.subarray(start, end))
  const text = Buffer.from(copy.buffer, 0, copy.length).toString('latin1')
  slots[slot] = { hash, bytes: copy, text, next: slots[slot] }
  return text
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false
  return true
}

/** A text of the host or of this kernel as a string of bytes, in UTF-8. */
export const bytesText = (text: string): string => Buffer.from(text).toString('latin1')
