/** The bytes of a number in memory by its text kind. Numbers that are not listed have four. */
import { type DataModel, pointerBytes } from '../../linux/schema/models.ts'

const BYTES: Readonly<Record<string, 2 | 8>> = { id16: 2, off: 8, size64: 8, features: 8 }
/** A long, or a pointer. */
const LONGS: ReadonlySet<string> = new Set(['size', 'addr', 'long', 'hex', 'time'])

export function cellBytes(kind: string, model?: DataModel): 2 | 4 | 8 {
  if (LONGS.has(kind)) return kind === 'time' && model === 'x32' ? 8 : pointerBytes(model)
  return BYTES[kind] ?? 4
}
