/** How many bytes a value takes in a struct. */
import { isPointing, type Kind } from './kinds.ts'
import { type DataModel, layoutOf, pointerBytes } from './layouts.ts'
import { widthOf } from './widths.ts'

/** The bytes of a kind that lies in a struct. */
export function sizeOfField(kind: Kind, model: DataModel = 64): number {
  if (isPointing(kind)) {
    const bits = 'at' in kind ? kind.at : undefined
    return bits === undefined ? pointerBytes(model) : bits / 8
  }
  switch (kind.type) {
    case 'struct':
      return layoutOf(kind.name, model).size
    case 'chars':
    case 'octets':
    case 'union':
      return kind.size
    case 'list':
      return kind.count * sizeOfField(kind.of, model)
    case 'tuple':
      return kind.of.reduce((sum, each) => sum + sizeOfField(each, model), 0)
    case 'tail':
    case 'trailing':
      return 0
    default:
      return widthOf(kind).bits / 8
  }
}
