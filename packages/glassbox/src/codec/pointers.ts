/**
 * What lies behind a struct: the memory that its pointers lead to, and elements that follow it.
 * How many there are, another field or an argument of the call says. No struct leads to one of its
 * own kind, so this ends; how much is read, the memory of the reading bounds.
 */
import {
  type Field,
  type InPlace,
  isPointing,
  type Items,
  type Kind,
  type Length,
  type Pointing,
  type Trailing,
} from '../linux/schema/kinds.ts'
import { layoutOf, perModel, type StructName } from '../linux/schema/layouts.ts'
import { sizeOfField } from '../linux/schema/sizes.ts'
import { conditionOf, holds } from './conditions.ts'
import { countOf } from './lengths.ts'
import type { Reading } from './reading.ts'
import { Elements, NotWritten, Unreadable, type Fields, type Value } from './values.ts'

/** What is made of what lies behind a pointer: values, or text. */
export interface Makers<Made> {
  /** NULL. */
  readonly none: Made
  /** Memory that cannot be read, or that the kernel did not write. */
  readonly address: (at: Unreadable) => Made
  readonly bytes: (address: bigint, length: number) => Made
  /** Up to a NUL. */
  readonly text: (address: bigint, limit: number) => Made
  /** The same, of which no more than the room is there. */
  readonly bounded: (address: bigint, room: number) => Made
  readonly elements: (kind: Kind, address: bigint, count: number) => Made
  readonly value: (kind: InPlace, address: bigint, size: number) => Made
}

/** Readers of read.ts. */
export interface Readers {
  readonly makers: (reading: Reading) => Makers<Value>
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
      if (to !== undefined) followed[field.name] = valueBehind(field.kind, to, reading, fields, readers)
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
  const found = valueBehind(to, address, reading, fields, readers)
  return found instanceof Unreadable ? new Elements([], 'unreadable', address) : found
}

const valueBehind = (
  kind: Pointing,
  address: bigint,
  reading: Reading,
  fields: Fields,
  { makers }: Readers,
): Value => behindPointer(kind, address, reading, length => counted(length, reading, fields), makers(reading))

/** How many elements an array has, of which each has so many bytes. */
function countIn({ count }: Items, size: number, lengthOf: (length: Length) => number): number {
  const said = lengthOf(count)
  return count.by === 'field' && count.bytes === true ? Math.trunc(said / size) : said
}

/**
 * What a field points to, as many as another field says. `lengthOf` knows the struct that has the
 * field.
 */
export function behindPointer<Made>(
  kind: Pointing,
  address: bigint,
  reading: Pick<Reading, 'result' | 'model'>,
  lengthOf: (length: Length) => number,
  make: Makers<Made>,
): Made {
  if (address === 0n) return make.none
  const isFailed = reading.result === undefined || reading.result < 0n
  const isOutput = 'way' in kind && kind.way === 'out' && isFailed
  switch (kind.type) {
    case 'array': {
      const count = countIn(kind, sizeOfField(kind.of, reading.model), lengthOf)
      return isOutput && count > 0
        ? make.address(new NotWritten(address))
        : make.elements(kind.of, address, count)
    }
    case 'buffer': {
      const length = lengthOf(kind.length)
      const isUnknown = length > 0 || kind.length.by === 'result'
      return isOutput && isUnknown ? make.address(new NotWritten(address)) : make.bytes(address, length)
    }
    case 'path':
      return make.text(address, PATH_MAX - 1)
    case 'string':
      return kind.room ? make.bounded(address, lengthOf(kind.room)) : make.text(address, Infinity)
    case 'pointer': {
      const size = sizeOfField(kind.to, reading.model)
      const isOther = kind.size !== undefined && lengthOf(kind.size) !== size
      return isOther || isPointing(kind.to)
        ? make.address(new Unreadable(address))
        : make.value(kind.to, address, size)
    }
    default:
      return make.address(new Unreadable(address))
  }
}
