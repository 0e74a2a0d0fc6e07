/**
 * Structs as text prints them: the layouts of the schema, and one table of what strace's text does
 * otherwise. Where a field is, and what it means, stands in scripts/linux/{structs,shapes}.txt
 * alone.
 */
import { __O_TMPFILE, O_CREAT, ST_VALID } from './constants.ts'
import { type DataModel, isStructName, layoutOf, perModel, type StructName } from './schema/layouts.ts'
import { sizeOfField } from './schema/sizes.ts'
import type { Field, Kind, Layout, Length } from './schema/kinds.ts'

export interface ShapeField extends Field {
  /** In bytes. */
  readonly size: number
  /** The size of the elements of a list. */
  readonly element: number
  /** How many elements of a list, or bytes, are printed. */
  readonly count?: Length
  /** Printed even if it is zero, if another field has one of these bits. */
  readonly unless?: { readonly field: string; readonly bits: number }
  /** Left out without these bits. */
  readonly onlyWith?: number
  /** All elements of a list are printed, however few -s allows. */
  readonly isWhole?: true
}

export interface Shape {
  readonly name: string
  readonly size: number
  /** In the order in which they are printed. */
  readonly fields: readonly ShapeField[]
  /** How many fields are printed without -v. */
  readonly brief?: number
  readonly layout: Layout
}

/** How strace's text differs from the struct. */
interface Quirk {
  /** The struct, if this is another name for it. */
  readonly of?: StructName
  /** The fields that are printed. Default: all. */
  readonly only?: readonly string[]
  readonly brief?: number
  /** Fields that are left out if they are zero. */
  readonly optional?: readonly string[]
  /** Fields that are printed even if they are zero, if another field has one of these bits. */
  readonly unless?: Readonly<Record<string, readonly [field: string, bits: number]>>
  /** Fields that are left out if they lack these bits. */
  readonly onlyWith?: Readonly<Record<string, number>>
  /** Kinds by which fields are printed, if not by their own. */
  readonly notations?: Readonly<Record<string, string>>
  /** Lists that -s does not shorten. */
  readonly whole?: readonly string[]
}

const RESERVED = { optional: ['resv1', 'resv2'] }

const QUIRKS: Readonly<Record<string, Quirk>> = {
  rusage: { brief: 2 },
  utsname: { brief: 2 },
  sysinfo: { whole: ['loads'] },
  dqblk: { brief: 6 },
  nextdqblk: { brief: 6 },
  fs_disk_quota: { brief: 10 },
  statfs: { onlyWith: { f_flags: ST_VALID } },
  mq_attr_new: { of: 'mq_attr', notations: { mq_flags: 'x' } },
  futex_waitv: { optional: ['__reserved'] },
  io_uring_params: { optional: ['resv'], whole: ['resv'] },
  io_sqring_offsets: RESERVED,
  io_cqring_offsets: RESERVED,
  open_how: { optional: ['mode'], unless: { mode: ['flags', O_CREAT | __O_TMPFILE] } },
  clone_args: { optional: ['set_tid', 'set_tid_size'], notations: { set_tid: '&d/4' } },
  // A caller gives these parts of the struct, the kernel answers with all of it.
  flock: { only: ['l_type', 'l_whence', 'l_start', 'l_len'] },
  flock_told: { of: 'flock' },
  iovec_head: { of: 'iovec' },
}

/** Kinds of which a printer of their own makes the text. */
const NOT_PLAIN: ReadonlySet<Kind['type']> = new Set<Kind['type']>(['tail', 'union', 'bits'])

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

function shapeField(field: Field, quirk: Quirk, model: DataModel): ShapeField {
  const { name, kind } = field
  const count = countOf(kind)
  const notation = quirk.notations?.[name]
  const [other, mask] = quirk.unless?.[name] ?? []
  const onlyWith = quirk.onlyWith?.[name]
  return {
    ...field,
    kind: notation === undefined ? kind : { ...kind, notation },
    size: sizeOfField(kind, model),
    element: kind.type === 'list' ? sizeOfField(kind.of, model) : 0,
    ...(count !== undefined && { count }),
    ...(quirk.optional?.includes(name) && { isOptional: true }),
    ...(other !== undefined && mask !== undefined && { unless: { field: other, bits: mask } }),
    ...(onlyWith !== undefined && { onlyWith }),
    ...(quirk.whole?.includes(name) && { isWhole: true }),
  }
}

function make(name: string, model: DataModel): Shape | undefined {
  const quirk = QUIRKS[name] ?? {}
  const of = quirk.of ?? name
  if (!isStructName(of)) return undefined
  const layout = layoutOf(of, model)
  const brief = quirk.brief ?? layout.brief
  return {
    name,
    size: layout.size,
    layout,
    fields: layout.fields
      .filter(field => !NOT_PLAIN.has(field.kind.type) && (quirk.only?.includes(field.name) ?? true))
      .map(field => shapeField(field, quirk, model)),
    ...(brief !== undefined && { brief }),
  }
}

const shapes = perModel(() => new Map<string, Shape | undefined>())

/**
 * A struct by the name that kinds have for it, in a data model. Returns the same
 * object each time.
 */
export function shapeOf(name: string, model: DataModel = 64): Shape | undefined {
  const known = shapes[model]
  if (!known.has(name)) known.set(name, make(name, model))
  return known.get(name)
}
