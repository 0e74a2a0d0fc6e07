/** Where the fields of structs are, by name, for programs of 64 and of 32 bits. */
import { GlassboxError } from '../../errors.ts'
import { LAYOUTS, LAYOUTS_32, LAYOUTS_X32 } from '../generated/layouts.ts'
import type { StructName } from '../generated/struct-values.ts'
import type { Field, Layout } from './kinds.ts'
import { type DataModel, perModel } from './models.ts'

export type { StructName, StructValues, Word } from '../generated/struct-values.ts'
export { type DataModel, perModel, pointerBytes } from './models.ts'

const made = perModel(() => new Map<StructName, Layout>())

/** What these structs are in calls of 32 bits with times of 64. */
const TIME_64: Readonly<Partial<Record<StructName, StructName>>> = {
  timespec: 'timespec64',
  itimerspec: 'itimerspec64',
  timex: 'timex64',
}

/** Where a model looks for a struct first. Those of x32 are those of 64 bits if not its own. */
const OWN = { 64: LAYOUTS, 32: LAYOUTS_32, time64: LAYOUTS_32, x32: LAYOUTS_X32 } as const

/** Whether there is a struct of this name. */
export const isStructName = (name: string): name is StructName =>
  Object.hasOwn(LAYOUTS, name) || Object.hasOwn(LAYOUTS_32, name)

/**
 * The layout of a struct. Returns the same object each time. A struct that only programs of 32
 * bits have has one layout.
 */
export function layoutOf(name: StructName, model: DataModel = 64): Layout {
  const known = made[model].get(name)
  if (known) return known
  const actual = model === 'time64' ? (TIME_64[name] ?? name) : name
  const layout = (OWN[model][actual] ?? LAYOUTS[actual] ?? LAYOUTS_32[actual])?.()
  if (!layout) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `no struct ${name}`)
  made[model].set(name, layout)
  return layout
}

/** A field by its name. Throws if the struct has none: the caller's table is wrong. */
export function fieldOf(layout: Layout, name: string): Field {
  const field = layout.fields.find(each => each.name === name)
  if (!field) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', `struct ${layout.name} has no field ${name}`)
  return field
}

/** The offset of a field, in bytes. */
export const offsetOf = (name: StructName, field: string, model: DataModel = 64): number =>
  fieldOf(layoutOf(name, model), field).offset
