/**
 * Strings of struct statmount, which the kernel writes behind the struct: a field says how far
 * behind. Of several strings, one behind the other, the field before it has the number.
 */
import type { StructView } from '../../codec/struct-view.ts'
import { textAt } from '../../codec/texts.ts'
import { Bytes } from '../../codec/values.ts'
import { bytesText } from '../basic/bytes.ts'
import type { Context } from '../context.ts'

/** Where the strings begin. */
const STRINGS_AT = 512n

const WORD_BYTES = 4

const PATH_MAX = 4096

const wordAt = ({ view }: StructView, offset: number): number => view.getUint32(offset, true)

function strings(struct: StructView, offset: number, count: number, context: Context): readonly string[] {
  const found: string[] = []
  let at = struct.at + STRINGS_AT + BigInt(wordAt(struct, offset))
  for (let left = count; left > 0; left--) {
    const text = textAt(at, PATH_MAX, context)
    found.push(bytesText(text, context.options))
    if (!(text instanceof Bytes)) break
    at += BigInt(text.bytes.length + 1)
  }
  return found
}

type Strings = (struct: StructView, spot: { readonly offset: number }, context: Context) => string

export const MOUNT_STRINGS: Readonly<Record<string, Strings>> = {
  mountstr: (struct, { offset }, context) => strings(struct, offset, 1, context).join(),
  mountstrs: (struct, { offset }, context) => {
    const count = wordAt(struct, offset - WORD_BYTES)
    const shown = strings(struct, offset, Math.min(count, context.elements), context)
    return `[${[...shown, ...(shown.length < count ? ['...'] : [])].join(', ')}]`
  },
}
