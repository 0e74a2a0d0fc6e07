/**
 * What the printers of netlink share: where they are in memory, and how they print what they do
 * not know. As in strace, each part is read when it is printed, and shown as its address if it
 * cannot be read.
 */
import { inPlace, struct } from '../../codec/struct.ts'
import { StructView } from '../../codec/struct-view.ts'
import type { Kind } from '../../linux/schema/kinds.ts'
import type { StructName, StructValues } from '../../linux/schema/layouts.ts'
import type { Shape } from '../../linux/shapes.ts'
import type { Context, KindText } from '../context.ts'
import { structText } from '../shapes/struct-text.ts'
import { address, escaped } from '../text.ts'

export interface Walk {
  readonly context: Context
  readonly valueText: KindText
  /** NETLINK_ROUTE and others. */
  readonly protocol: number
  /** The type of the message. */
  readonly type: number
  /** The flags of the message. */
  readonly flags: number
  /** The address family in the head of the message. */
  readonly family: number
  /** Prints attributes by the name of their table. */
  readonly attributesText: (range: Range, walk: Walk, table: string) => string
}

/** A part of memory. */
export interface Range {
  readonly at: bigint
  readonly length: number
}

export const viewOf = ({ context }: Walk, at: bigint, length: number): DataView | undefined => {
  const bytes = context.memory.read(at, length)
  return bytes.length < length ? undefined : new DataView(bytes.slice().buffer)
}

/** The struct that begins at `at`; `undefined` if not all of it can be read. */
export function structOf<Name extends StructName>(
  walk: Walk,
  at: bigint,
  name: Name,
): StructValues[Name] | undefined {
  const codec = struct(name)
  const view = viewOf(walk, at, codec.size)
  return view && codec.read(view)
}

/** The struct that begins at `at`, for its printer. */
export function structViewOf(shape: Shape, at: bigint, walk: Walk): StructView | undefined {
  const view = viewOf(walk, at, shape.size)
  return view && new StructView(shape.layout, view, at, walk.context)
}

/** The text of the struct that begins at `at`; `undefined` if not all of it can be read. */
export function structTextAt(shape: Shape, at: bigint, walk: Walk): string | undefined {
  const found = structViewOf(shape, at, walk)
  return found && structText(found, shape, walk.context, walk.valueText)
}

/** A number by its kind. */
export function numberOf(walk: Walk, at: bigint, kind: Kind): number | undefined {
  const { size, read } = inPlace(kind)
  const view = viewOf(walk, at, size)
  return view && Number(read(view, 0))
}

/** Bytes in hexadecimal, as many as -s allows. */
export function hexText({ context }: Walk, { at, length }: Range): string {
  const { memory, limit } = context
  const needed = Math.min(length, limit + 1)
  const bytes = memory.read(at, needed)
  if (bytes.length < needed) return address(at)
  return `"${escaped(bytes.subarray(0, limit), 'all')}"${length > limit ? '...' : ''}`
}

export const after = ({ at, length }: Range, bytes: number): Range => ({
  at: at + BigInt(bytes),
  length: Math.max(0, length - bytes),
})

/** Not by bits: a length of 2^31 and more would become negative, and a walk would not end. */
export const aligned = (length: number): number => Math.ceil(length / 4) * 4

/** A record of a list: its text, and how long it says it is. */
export interface RecordHead {
  readonly length: number
  readonly text: (rest: Range) => string
}

/**
 * Prints records that follow each other, each of which begins with its length: in brackets if
 * there are several. `least`: the length of the head.
 */
export function recordsText(
  walk: Walk,
  range: Range,
  least: number,
  headAt: (rest: Range) => RecordHead | undefined,
): string {
  const { options, limit } = walk.context
  const parts: string[] = []
  let isList = false
  for (let rest = range, index = 0; ; index++) {
    if (rest.length < least) {
      parts.push(hexText(walk, rest))
      break
    }
    const head = headAt(rest)
    if (!head) {
      parts.push(isList ? `... /* ${address(rest.at)} */` : address(rest.at))
      break
    }
    if (!options.full && index >= limit) {
      parts.push('...')
      break
    }
    const taken = aligned(head.length)
    const hasNext = head.length >= least && rest.length > taken
    isList ||= hasNext
    parts.push(head.text(rest))
    if (!hasNext) break
    rest = after(rest, taken)
  }
  return isList ? `[${parts.join(', ')}]` : parts.join(', ')
}
