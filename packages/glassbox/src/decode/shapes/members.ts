/**
 * A struct in the memory of the program, of which a printer takes one field after the other, by
 * the names of its shape. For structs whose text depends on more than a shape can say.
 */
import { type Shape, type ShapeField, shapeOf } from '../../linux/shapes.ts'
import type { KindText } from '../basic/structs.ts'
import type { Context } from '../context.ts'
import { bytesOf, readView } from '../memory.ts'
import { address } from '../text.ts'
import { shapeText, unsignedAt } from './shapes.ts'

export class Members {
  readonly #shape: Shape
  readonly #view: DataView
  readonly #valueText: KindText
  readonly context: Context
  /** Where the struct is. */
  readonly at: bigint

  constructor(shape: Shape, view: DataView, context: Context, valueText: KindText, at: bigint) {
    this.#shape = shape
    this.#view = view
    this.#valueText = valueText
    this.context = context
    this.at = at
  }

  /** How many bytes the struct has. */
  get size(): bigint {
    return BigInt(this.#shape.size)
  }

  #field(name: string): ShapeField {
    const field = this.#shape.fields.find(each => each.name === name || each.name === `_${name}`)
    if (!field) throw new RangeError(`the shape ${this.#shape.name} has no field ${name}`)
    return field
  }

  /** The value of a field of up to eight bytes. */
  number(name: string): bigint {
    const { offset, size } = this.#field(name)
    return unsignedAt(this.#view, offset, size)
  }

  /** All bytes of a field. */
  bytes(name: string): Uint8Array {
    const { offset, size } = this.#field(name)
    return bytesOf(this.#view, offset, size)
  }

  /** The address of a field. */
  place(name: string): bigint {
    return this.at + BigInt(this.#field(name).offset)
  }

  /** The pointer in a field, if the text of the field would be what it points to. */
  pointer(name: string): string {
    return address(this.number(name))
  }

  /** `a=1`, for each of the fields that is shown. */
  texts(...names: readonly string[]): readonly string[] {
    return names.flatMap(name => {
      const { brief: _, ...shape } = this.#shape
      const only = { ...shape, fields: [this.#field(name)] }
      const text = shapeText(only, this.#view, this.context, this.#valueText, this.at, this.#shape).slice(
        1,
        -1,
      )
      return text === '' ? [] : [text]
    })
  }

  /** The text of a field without its name. */
  value(name: string): string {
    const [text = ''] = this.texts(name)
    return text.slice(text.indexOf('=') + 1)
  }
}

/** The struct at an address; `undefined` if it cannot be read whole. */
export function membersAt(
  name: string,
  at: bigint,
  context: Context,
  valueText: KindText,
): Members | undefined {
  const shape = shapeOf(name, context.memory.model)
  const view = shape && readView(context.memory, at, shape.size)
  return shape && view && new Members(shape, view, context, valueText, at)
}
