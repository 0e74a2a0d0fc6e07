/**
 * Structs as text prints the fields of requests, netlink messages and socket options: the layouts
 * of the schema, with the notation of each kind.
 */
import { sizeOfField } from './schema/sizes.ts'
import { type DataModel, isStructName, layoutOf, perModel } from './schema/layouts.ts'
import type { Field, FieldMore, Kind, Length } from './schema/kinds.ts'

export interface ShapeField extends FieldMore {
  readonly name: string
  readonly offset: number
  readonly size: number
  /** The size of the elements of a list. */
  readonly element: number
  /** The notation of the kind. */
  readonly kind: string
  /** A list: how many of its elements are printed. */
  readonly count?: Length
}

export interface Shape {
  readonly name: string
  readonly size: number
  readonly fields: readonly ShapeField[]
  /** How many fields are printed without -v. */
  readonly brief?: number
}

/** How many elements there are, in the field or where it leads to. */
function countOf(kind: Kind): Length | undefined {
  switch (kind.type) {
    case 'list':
    case 'octets':
      return kind.used
    case 'array':
      return kind.count
    case 'buffer':
      return kind.length
    case 'string':
      return kind.room
    case 'trailing':
      return countOf(kind.to)
    default:
      return undefined
  }
}

function shapeField(field: Field, model: DataModel): ShapeField {
  const { kind } = field
  const count = countOf(kind)
  return {
    ...field,
    size: sizeOfField(kind, model),
    element: kind.type === 'list' ? sizeOfField(kind.of, model) : 0,
    kind: kind.notation,
    ...(count !== undefined && { count }),
  }
}

const shapes = perModel(() => new Map<string, Shape | undefined>())

function read(name: string, model: DataModel): Shape | undefined {
  if (!isStructName(name)) return undefined
  const layout = layoutOf(name, model)
  return { ...layout, fields: layout.fields.map(field => shapeField(field, model)) }
}

/** A struct by its name. Returns the same object each time. */
export function shapeOf(name: string, model: DataModel = 64): Shape | undefined {
  const known = shapes[model]
  if (!known.has(name)) known.set(name, read(name, model))
  return known.get(name)
}
