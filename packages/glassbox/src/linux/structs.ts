/**
 * Structs as strace prints them: the layouts of the schema, and what its text leaves out. Where a
 * field is, and what it means, stands in scripts/linux/structs.txt alone.
 */
import { __O_TMPFILE, O_CREAT, ST_VALID } from './constants.ts'
import { type DataModel, isStructName, layoutOf, perModel, type StructName } from './schema/layouts.ts'
import { LAYOUTS } from './generated/layouts.ts'
import type { Field as SchemaField, Kind, Noted } from './schema/kinds.ts'
import { sizeOfField } from './schema/sizes.ts'

export interface Field {
  readonly name: string
  readonly offset: number
  /** The size in bytes: 1, 2, 4 or 8 for a number, any for characters. */
  readonly size: number
  /** The notation of the kind. */
  readonly kind: string
  /** Omitted if zero. */
  readonly optional?: boolean
  /** Not omitted if the field at this offset, of 64 bits, has one of these bits. */
  readonly unless?: { readonly offset: number; readonly bits: number }
  /** Omitted without these bits. */
  readonly onlyWith?: number
}

export interface Struct {
  readonly size: number
  readonly fields: readonly Field[]
  /** How many fields are shown if the output is abbreviated. */
  readonly brief?: number
}

/** How strace's text differs from the struct. */
interface Quirk {
  /** The struct, if this is another name for a part of it. */
  readonly of?: StructName
  /** The fields that are shown. Default: all. */
  readonly only?: readonly string[]
  readonly brief?: number
  /** Fields that are left out if they are zero. */
  readonly optional?: readonly string[]
  /** Fields that are shown even if they are zero, if another field has one of these bits. */
  readonly unless?: Readonly<Record<string, readonly [field: string, bits: number]>>
  /** Fields that are left out if they lack these bits. */
  readonly onlyWith?: Readonly<Record<string, number>>
  /** Kinds by which fields are printed, if not by their own. */
  readonly kinds?: Readonly<Record<string, string>>
}

const RESERVED = { optional: ['resv1', 'resv2'] }

const QUIRKS: Readonly<Record<string, Quirk>> = {
  rusage: { brief: 2 },
  utsname: { brief: 2 },
  dqblk: { brief: 6 },
  nextdqblk: { brief: 6 },
  fs_disk_quota: { brief: 10 },
  statfs: { onlyWith: { f_flags: ST_VALID } },
  mq_attr_new: { of: 'mq_attr', kinds: { mq_flags: 'hex' } },
  futex_waitv: { optional: ['__reserved'] },
  io_uring_params: { optional: ['resv'] },
  io_sqring_offsets: RESERVED,
  io_cqring_offsets: RESERVED,
  open_how: { optional: ['mode'], unless: { mode: ['flags', O_CREAT | __O_TMPFILE] } },
  clone_args: { optional: ['set_tid', 'set_tid_size'], kinds: { set_tid: 'settid' } },
  // A caller gives these parts of the struct, the kernel answers with all of it.
  flock: { only: ['l_type', 'l_whence', 'l_start', 'l_len'] },
  flock_told: { of: 'flock' },
  msqid_set: {
    of: 'msqid_ds',
    only: ['msg_perm', 'msg_qbytes'],
    kinds: { msg_perm: 'struct:ipc_perm_set' },
  },
  shmid_set: { of: 'shmid_ds', only: ['shm_perm'], kinds: { shm_perm: 'struct:ipc_perm_set' } },
  ipc_perm_set: { of: 'ipc_perm', only: ['uid', 'gid', 'mode'] },
  iovec_head: { of: 'iovec' },
}

/** Arrays of numbers are printed by the size of their elements. */
const LISTS: Readonly<Record<number, string>> = { 1: 'chars', 4: 'hexes', 8: 'longs' }

const listText = (of: Kind, bytes: number): string =>
  bytes === 4 && of.type === 'int' && of.form === 'decimal'
    ? 'uints'
    : bytes === 8 && of.type === 'int' && of.form === 'hex'
      ? 'hexlongs'
      : (LISTS[bytes] ?? 'hexes')

/** Numbers have the size of their member in a struct: the words that registers have for them. */
const NUMBERS: Readonly<Record<string, readonly [wide: string, narrow: string]>> = {
  u: ['size', 'uint'],
  d: ['long', 'int'],
  x: ['hex', 'hex32'],
  o: ['octal', 'octal'],
  p: ['addr', 'addr'],
}

function notationOf(kind: Noted): string {
  if (kind.type === 'list') return listText(kind.of, sizeOfField(kind.of))
  if (kind.type === 'chars') return 'chars'
  if (kind.type === 'struct') return `struct:${kind.name}`
  const [wide, narrow] = NUMBERS[kind.notation] ?? [kind.notation, kind.notation]
  return 'bits' in kind && kind.bits === 64 ? wide : narrow
}

/** Fields that need more than a layout to be printed. */
const NOT_PLAIN: ReadonlySet<string> = new Set([...['tail', 'union', 'bits', 'octets', 'tuple', 'trailing']])

function printed(
  { name, offset, kind }: SchemaField,
  { kinds, optional, onlyWith }: Quirk,
  model: DataModel,
): Field {
  return {
    name,
    offset,
    size: sizeOfField(kind, model),
    kind: kinds?.[name] ?? notationOf(kind),
    ...(optional?.includes(name) ? { optional: true } : {}),
    ...(onlyWith?.[name] === undefined ? {} : { onlyWith: onlyWith[name] }),
  }
}

function unlessOf(name: string, { unless }: Quirk, fields: readonly SchemaField[]): Pick<Field, 'unless'> {
  const [other, bits] = unless?.[name] ?? []
  const offset = fields.find(field => field.name === other)?.offset
  return offset === undefined || bits === undefined ? {} : { unless: { offset, bits } }
}

function make(name: string, model: DataModel = 64): Struct | undefined {
  const quirk = QUIRKS[name] ?? {}
  const of = quirk.of ?? name
  if (!isStructName(of)) return undefined
  const layout = layoutOf(of, model)
  const fields = layout.fields.filter(
    field => !NOT_PLAIN.has(field.kind.type) && (quirk.only?.includes(field.name) ?? true),
  )
  return {
    size: layout.size,
    fields: fields.map(field => ({
      ...printed(field, quirk, model),
      ...unlessOf(field.name, quirk, fields),
    })),
    ...(quirk.brief === undefined ? {} : { brief: quirk.brief }),
  }
}

const made: Record<string, Struct> = {}
for (const name of [...Object.keys(LAYOUTS), ...Object.keys(QUIRKS)])
  Object.defineProperty(made, name, {
    configurable: true,
    enumerable: true,
    get: () => {
      const struct = make(name)
      Object.defineProperty(made, name, { enumerable: true, value: struct })
      return struct
    },
  })

const others = perModel(() => new Map<string, Struct | undefined>())

/** A struct in a data model. Returns the same object each time. */
export function structOf(name: string, model: DataModel = 64): Struct | undefined {
  if (model === 64) return STRUCTS[name]
  const known = others[model]
  if (!known.has(name)) known.set(name, make(name, model))
  return known.get(name)
}

/** Structs by the names that kinds have for them, each made when it is first needed. */
export const STRUCTS: Readonly<Record<string, Struct>> = made
