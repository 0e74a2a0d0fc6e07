/**
 * What lies behind a struct: the memory that its pointers lead to, and elements that follow it.
 * How many there are, another field or an argument of the call says. No struct leads to one of its
 * own kind, so this ends; how much is read, the memory of the reading bounds.
 */
import {
  type Field,
  type InPlace,
  isPointing,
  type Kind,
  type Length,
  type Pointing,
  type Trailing,
} from '../linux/schema/kinds.ts'
import { layoutOf, perModel, type StructName } from '../linux/schema/layouts.ts'
import { conditionOf, holds } from './conditions.ts'
import { countOf } from './lengths.ts'
import type { Reading } from './reading.ts'
import { Elements, NotWritten, Unreadable, type Fields, type Value } from './values.ts'

/** Readers of read.ts. */
export interface Readers {
  readonly bytesAt: (address: bigint, length: number, reading: Reading) => Value
  readonly textAt: (address: bigint, limit: number, reading: Reading) => Value
  readonly elementsAt: (kind: Kind, address: bigint, count: number, reading: Reading) => Value
  readonly valueAt: (kind: InPlace, address: bigint, size: number, reading: Reading) => Value
  readonly elementSize: (kind: Kind, reading: Reading) => number
}

const PATH_MAX = 4096

/** A field that leads to memory, directly or in a struct. */
type Leading = Field

const leading = perModel(() => new Map<StructName, readonly Leading[]>())

function leads(kind: Kind, model: Reading['model']): boolean {
  if (isPointing(kind) || kind.type === 'trailing') return true
  if (kind.type === 'list') return leads(kind.of, model)
  return kind.type === 'struct' && leadingFields(kind.name, model).length > 0
}

function leadingFields(name: StructName, model: Reading['model']): readonly Leading[] {
  const known = leading[model].get(name)
  if (known) return known
  const found = layoutOf(name, model).fields.filter(
    field => leads(field.kind, model) && !(field.when?.field === 'full' && field.when.test === '=='),
  )
  leading[model].set(name, found)
  return found
}

const numberOf = (value: Value | undefined): bigint | undefined =>
  typeof value === 'number' || typeof value === 'bigint' ? BigInt.asUintN(64, BigInt(value)) : undefined

/** Whether the struct has the field, by the value of another one. */
function isThere(field: Field, fields: Fields): boolean {
  const when = conditionOf(field)
  if (!when) return true
  const by = numberOf(fields[when.field] ?? fields[`_${when.field}`])
  return by !== undefined && holds(when, by)
}

/** A value in place at an address, with what its pointers lead to. */
export function followPointers(
  kind: Kind,
  value: Value,
  address: bigint,
  reading: Reading,
  readers: Readers,
): Value {
  if (kind.type === 'list' && Array.isArray(value) && leads(kind.of, reading.model)) {
    const size = BigInt(readers.elementSize(kind.of, reading))
    return (value as readonly Value[]).map((item, index) =>
      followPointers(kind.of, item, address + size * BigInt(index), reading, readers),
    )
  }
  if (kind.type !== 'struct') return value
  const found = leadingFields(kind.name, reading.model)
  if (found.length === 0) return value
  const fields = value as Fields
  const followed: Record<string, Value> = { ...fields }
  for (const field of found) {
    if (!isThere(field, fields)) continue
    const at = address + BigInt(field.offset)
    const own = fields[field.name]
    if (field.kind.type === 'trailing')
      followed[field.name] = behindStruct(field.kind, at, reading, fields, readers)
    else if (isPointing(field.kind)) {
      const to = numberOf(own)
      if (to !== undefined) followed[field.name] = behindPointer(field.kind, to, reading, fields, readers)
    } else if (own !== undefined) followed[field.name] = followPointers(field.kind, own, at, reading, readers)
  }
  return followed
}

/** A count of the call, of the struct, or of a field that is not shown. */
function counted(length: Length, reading: Reading, fields: Fields): number {
  if (length.by !== 'field' || fields[length.field] !== undefined) return countOf(length, reading, fields)
  return countOf({ ...length, field: `_${length.field}` }, reading, fields)
}

function behindStruct(
  { to }: Trailing,
  address: bigint,
  reading: Reading,
  fields: Fields,
  readers: Readers,
): Value {
  const found = behindPointer(to, address, reading, fields, readers)
  return found instanceof Unreadable ? new Elements([], 'unreadable', address) : found
}

/** What a field points to, as many as another field says. */
function behindPointer(
  kind: Pointing,
  address: bigint,
  reading: Reading,
  fields: Fields,
  readers: Readers,
): Value {
  if (address === 0n) return null
  const isFailed = reading.result === undefined || reading.result < 0n
  if ('way' in kind && kind.way === 'out' && isFailed) return new NotWritten(address)
  switch (kind.type) {
    case 'array': {
      const said = counted(kind.count, reading, fields)
      const isBytes = kind.count.by === 'field' && kind.count.bytes === true
      const count = isBytes ? Math.trunc(said / readers.elementSize(kind.of, reading)) : said
      return readers.elementsAt(kind.of, address, count, reading)
    }
    case 'buffer':
      return readers.bytesAt(address, counted(kind.length, reading, fields), reading)
    case 'path':
      return readers.textAt(address, PATH_MAX - 1, reading)
    case 'string': {
      const room = kind.room ? counted(kind.room, reading, fields) : Infinity
      return readers.textAt(address, Math.min(room, reading.limit), reading)
    }
    case 'pointer': {
      const size = readers.elementSize(kind.to, reading)
      if (kind.size && counted(kind.size, reading, fields) !== size) return new Unreadable(address)
      return isPointing(kind.to) ? new Unreadable(address) : readers.valueAt(kind.to, address, size, reading)
    }
    default:
      return new Unreadable(address)
  }
}
