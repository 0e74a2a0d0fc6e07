/**
 * Names of files are bytes to Linux and text to JavaScript. Bytes that are not UTF-8 become lone
 * surrogates, U+DC80 to U+DCFF, one for each byte, as in Python (PEP 383). So every name is a
 * string, different names are different strings, and each string converts back to the same bytes.
 */
import { isUtf8 } from 'node:buffer'

const FIRST_ESCAPE = 0xdc00
const LOW_SURROGATE = /[\udc80-\udcff]/

/** The bytes of a name, without a final NUL. */
export function bytesOfPath(path: string): Buffer {
  if (!LOW_SURROGATE.test(path)) return Buffer.from(path)
  return Buffer.concat(Array.from(path, bytesOfCharacter))
}

function bytesOfCharacter(character: string): Buffer {
  const code = character.codePointAt(0) ?? 0
  const escaped = code >= FIRST_ESCAPE + 0x80 && code <= FIRST_ESCAPE + 0xff
  return escaped ? Buffer.of(code - FIRST_ESCAPE) : Buffer.from(character)
}

/** The name of these bytes. */
export function pathOfBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (isUtf8(buffer)) return buffer.toString()
  let text = ''
  for (let at = 0; at < buffer.length; ) {
    const sequence = buffer.subarray(at, at + sequenceLength(buffer[at] ?? 0))
    const valid = isUtf8(sequence)
    text += valid ? sequence.toString() : String.fromCharCode(FIRST_ESCAPE + (buffer[at] ?? 0))
    at += valid ? sequence.length : 1
  }
  return text
}

/** The length of the UTF-8 character that begins with this byte. */
function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
}
