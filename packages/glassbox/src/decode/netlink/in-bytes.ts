/** Parts of netlink messages in bytes that were read, as programs see them. */
import { struct } from '../../codec/struct.ts'
import type { StructName } from '../../linux/schema/layouts.ts'
import { enumName } from '../plain/names.ts'
import { plain } from '../plain/plain.ts'
import type { Value } from '../types.ts'

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** A struct at the beginning of the bytes, as programs see it. */
export const structValue = (name: StructName, bytes: Uint8Array): Record<string, Value> =>
  plain({ type: 'struct', name }, struct(name).read(viewOf(bytes))) as Record<string, Value>

/** The name of a family. */
export const familyName = (family: number): Value => enumName('af', family)
