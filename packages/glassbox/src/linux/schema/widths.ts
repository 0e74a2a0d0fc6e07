/** How many bits of a register or a field a value has, and whether they are a signed number. */
import { isPointing, type Bits, type Kind } from './kinds.ts'

export interface Width {
  readonly bits: Bits
  readonly signed: boolean
}

const width = (bits: Bits, signed: boolean): Width => ({ bits, signed })
const ADDRESS = width(64, false)

/** Words that are numbers below zero too. */
const SIGNED_WORDS: ReadonlySet<string> = new Set([
  ...['key', 'error', 'socket_error', 'page_status', 'mark_directory', 'ptracer', 'time'],
  'core_scheduling_id',
])

/**
 * The width of a value in a register, or of a number in a struct. The register of a pointer is an
 * address. Structs, texts and lists have no width: 64.
 */
export function widthOf(kind: Kind): Width {
  if (isPointing(kind)) return ADDRESS
  switch (kind.type) {
    case 'int':
      return width(kind.bits, kind.signed)
    case 'fd':
    case 'signal':
      return width(kind.bits, true)
    case 'id':
      return width(kind.bits, kind.of !== 'user')
    case 'enum':
      // The kernel takes an int; a smaller field is as wide as its values need.
      return width(kind.bits, kind.bits === 32)
    case 'word':
      return width(kind.bits, SIGNED_WORDS.has(kind.word))
    case 'flags':
    case 'signals':
    case 'bits':
      return width(kind.bits, false)
    default:
      return ADDRESS
  }
}
