/** Where the fields of structs are, by name, for programs of 64 and of 32 bits. */
import { GlassboxError } from '../../errors.ts'
import { LAYOUTS, LAYOUTS_32 } from '../generated/layouts.ts'
import type { StructName } from '../generated/struct-values.ts'
import type { Field, Layout } from './kinds.ts'

export type { StructName, StructValues, Word } from '../generated/struct-values.ts'

/** How long an address is in the program. */
export type AddressBits = 32 | 64

const made = {
  32: new Map<StructName, Layout>(),
  64: new Map<StructName, Layout>(),
}

/** Whether there is a struct of this name. */
export const isStructName = (name: string): name is StructName =>
  Object.hasOwn(LAYOUTS, name) || Object.hasOwn(LAYOUTS_32, name)

/**
 * The layout of a struct. Returns the same object each time. A struct that only programs of 32
 * bits have has one layout.
 */
export function layoutOf(name: StructName, bits: AddressBits = 64): Layout {
  const known = made[bits].get(name)
  if (known) return known
  const [own, other] = bits === 64 ? [LAYOUTS, LAYOUTS_32] : [LAYOUTS_32, LAYOUTS]
  const layout = (own[name] ?? other[name])?.()
  if (!layout) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `no struct ${name}`)
  made[bits].set(name, layout)
  return layout
}

/** A field by its name. Throws if the struct has none: the caller's table is wrong. */
export function fieldOf(layout: Layout, name: string): Field {
  const field = layout.fields.find(each => each.name === name)
  if (!field) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `struct ${layout.name} has no field ${name}`)
  return field
}

/** The offset of a field, in bytes. */
export const offsetOf = (name: StructName, field: string, bits: AddressBits = 64): number =>
  fieldOf(layoutOf(name, bits), field).offset
