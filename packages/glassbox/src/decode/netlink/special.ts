/** Attributes whose value is more than a number, a struct or a list of attributes. */
import { shapeOf } from '../../linux/shapes.ts'
import { arrayText } from '../basic/arrays.ts'
import { nameIn, setText } from '../names.ts'
import { shapeText } from '../shapes/shapes.ts'
import { address } from '../text.ts'
import { inetText, interfaceText } from './addresses.ts'
import { after, aligned, hexText, type Range, type Walk, viewOf } from './walk.ts'

/** RTA_MULTIPATH: a list of struct rtnexthop, each with attributes of its own. */
export function multipathText(range: Range, walk: Walk): string | undefined {
  const shape = shapeOf('rtnexthop')
  if (!shape || range.length < shape.size) return undefined
  const parts: string[] = []
  let isList = false
  for (let rest = range; ; ) {
    const view = viewOf(walk, rest.at, shape.size)
    if (!view) {
      parts.push(address(rest.at))
      break
    }
    const said = view.getUint16(0, true)
    const taken = Math.min(rest.length, said)
    if (rest === range) isList = said < range.length
    const head = shapeText(shape, view, walk.context, walk.valueText, rest.at)
    const attributes = after({ at: rest.at, length: taken }, shape.size)
    parts.push(attributes.length > 0 ? `[${head}, ${walk.attributesText(attributes, walk, 'route')}]` : head)
    if (aligned(taken) >= rest.length || taken === 0) break
    rest = after(rest, aligned(taken))
  }
  return isList ? `[${parts.join(', ')}]` : parts.join(', ')
}

/** RTA_VIA: a family, and an address of it. */
export function viaText(range: Range, walk: Walk): string | undefined {
  const view = range.length < 2 ? undefined : viewOf(walk, range.at, 2)
  if (!view) return range.length < 2 ? undefined : address(range.at)
  const family = view.getUint16(0, true)
  const name = setText('=af', BigInt(family), walk.context.options)
  const rest = after(range, 2)
  const shown = rest.length > 0 ? `, rtvia_addr=${inetText(rest, walk, family)}` : ''
  return `{rtvia_family=${name}${shown}}`
}

/** Numbers in memory, each with the name of its place. */
export function memoryInformation(range: Range, walk: Walk): string | undefined {
  if (range.length < 4) return undefined
  const { options } = walk.context
  return arrayText(range.at, Math.floor(range.length / 4), 4, walk.context, (at, index) => {
    const view = viewOf(walk, at, 4)
    if (!view) return undefined
    const place = setText('=sk_meminfo', BigInt(index), options)
    return `[${nameIn('sk_meminfo', BigInt(index)) === undefined ? `0x${index.toString(16)} /* SK_MEMINFO_??? */` : place}]=${view.getUint32(0, true)}`
  })
}

const CONDITIONS = ['INET_DIAG_BC_S_COND', 'INET_DIAG_BC_D_COND']
const RANGES = ['INET_DIAG_BC_S_GE', 'INET_DIAG_BC_S_LE', 'INET_DIAG_BC_D_GE', 'INET_DIAG_BC_D_LE']
const CONDITION_BYTES = 8

function conditionText(range: Range, walk: Walk): string {
  if (range.length < CONDITION_BYTES) return hexText(walk, range)
  const view = viewOf(walk, range.at, CONDITION_BYTES)
  if (!view) return address(range.at)
  const family = view.getUint8(0)
  const rest = after(range, CONDITION_BYTES)
  const host = rest.length > 0 ? `, addr=${inetText(rest, walk, family)}` : ''
  const name = setText('=af', BigInt(family), walk.context.options)
  return `{family=${name}, prefix_len=${view.getUint8(1)}, port=${view.getInt32(4, true) >>> 0}${host}}`
}

function operationText(range: Range, walk: Walk): string {
  const shape = shapeOf('inet_bc_op')
  if (!shape || range.length < shape.size) return hexText(walk, range)
  const view = viewOf(walk, range.at, shape.size)
  return view ? shapeText(shape, view, walk.context, walk.valueText, range.at) : address(range.at)
}

function deviceText(range: Range, walk: Walk): string {
  if (range.length < 4) return hexText(walk, range)
  const view = viewOf(walk, range.at, 4)
  return view ? interfaceText(BigInt(view.getUint32(0, true)), walk) : address(range.at)
}

function markText(range: Range, walk: Walk): string {
  if (range.length < 8) return hexText(walk, range)
  const view = viewOf(walk, range.at, 8)
  return view ? `{mark=${view.getUint32(0, true)}, mask=${view.getUint32(4, true)}}` : address(range.at)
}

/** INET_DIAG_REQ_BYTECODE: an operation, and what it compares with. */
export function bytecodeText(range: Range, walk: Walk): string | undefined {
  const shape = shapeOf('inet_bc_op')
  if (!shape || range.length < shape.size) return undefined
  const view = viewOf(walk, range.at, shape.size)
  if (!view) return address(range.at)
  const head = shapeText(shape, view, walk.context, walk.valueText, range.at)
  const rest = after(range, shape.size)
  if (rest.length === 0) return head
  const code = nameIn('inet_bc', BigInt(view.getUint8(0))) ?? ''
  if (CONDITIONS.includes(code)) return `${head}, ${conditionText(rest, walk)}`
  if (code === 'INET_DIAG_BC_DEV_COND') return `${head}, ${deviceText(rest, walk)}`
  if (code === 'INET_DIAG_BC_MARK_COND') return `${head}, ${markText(rest, walk)}`
  return `${head}, ${RANGES.includes(code) ? operationText(rest, walk) : hexText(walk, rest)}`
}
