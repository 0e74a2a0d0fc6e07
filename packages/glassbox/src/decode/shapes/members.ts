/**
 * A struct in the memory of the program, of which a printer takes one field after the other, by
 * the names of its shape. For structs whose text depends on more than a shape can say.
 */
import { type StructView, viewAt } from '../../codec/struct-view.ts'
import { type Shape, type ShapeField, shapeOf } from '../../linux/shapes.ts'
import type { Context, KindText } from '../context.ts'
import { address } from '../text.ts'
import { fieldText, isShown } from './struct-text.ts'

export class Members {
  readonly #shape: Shape
  readonly #struct: StructView
  readonly #valueText: KindText
  readonly context: Context
  /** Where the struct is. */
  readonly at: bigint

  constructor(shape: Shape, struct: StructView, context: Context, valueText: KindText) {
    this.#shape = shape
    this.#struct = struct
    this.#valueText = valueText
    this.context = context
    this.at = struct.at
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
    return this.#struct.number(this.#field(name))
  }

  /** All bytes of a field. */
  bytes(name: string): Uint8Array {
    const { offset, size } = this.#field(name)
    return this.#struct.bytes(offset, size)
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
    const { context } = this
    const isFull = context.options.full === true
    return names
      .map(name => this.#field(name))
      .filter(field => isShown(field, this.#struct, isFull))
      .map(field => `${field.name}=${fieldText(field, this.#struct, context, this.#valueText)}`)
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
  const shape = shapeOf(name, context.model)
  const struct = shape && viewAt(shape.layout, at, context)
  return struct && new Members(shape, struct, context, valueText)
}
