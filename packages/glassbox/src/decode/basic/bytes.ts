/** Prints what the codec read of texts and bytes: quoted, or as the address that it is at. */
import { Bytes, type Unreadable } from '../../codec/values.ts'
import { address, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

/** `"text"...`, NULL, or an address. */
export function bytesText(found: null | Bytes | Unreadable, { stringsInHex }: TextOptions): string {
  if (found === null) return 'NULL'
  return found instanceof Bytes ? quote(found.bytes, found.cut, stringsInHex) : address(found.address)
}
