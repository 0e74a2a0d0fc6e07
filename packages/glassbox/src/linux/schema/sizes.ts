/** How many bytes a value takes in a struct. */
import { isPointing, type Kind } from './kinds.ts'
import { type AddressBits, layoutOf } from './layouts.ts'
import { widthOf } from './widths.ts'

/** The bytes of a kind that lies in a struct of a program with addresses of so many bits. */
export function sizeOfField(kind: Kind, bits: AddressBits = 64): number {
  if (isPointing(kind)) return (('at' in kind ? kind.at : undefined) ?? bits) / 8
  switch (kind.type) {
    case 'struct':
      return layoutOf(kind.name, bits).size
    case 'chars':
    case 'octets':
    case 'union':
      return kind.size
    case 'list':
      return kind.count * sizeOfField(kind.of, bits)
    case 'tuple':
      return kind.of.reduce((sum, each) => sum + sizeOfField(each, bits), 0)
    case 'tail':
    case 'trailing':
      return 0
    default:
      return widthOf(kind).bits / 8
  }
}
