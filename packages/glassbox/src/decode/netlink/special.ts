/** Attributes whose value is more than a number, a struct or a list of attributes. */
import { sizeOf, struct } from '../../codec/struct.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { arrayText } from '../basic/arrays.ts'
import { nameIn, setText } from '../names.ts'
import { structText } from '../shapes/struct-text.ts'
import { address } from '../text.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import { networkNumber, swapped } from '../network/order.ts'
import { inetText, interfaceText } from './addresses.ts'
import {
  after,
  aligned,
  hexText,
  numberOf,
  type Range,
  structOf,
  structTextAt,
  structViewOf,
  type Walk,
} from './walk.ts'

/** RTA_MULTIPATH: a list of struct rtnexthop, each with attributes of its own. */
export function multipathText(range: Range, walk: Walk): string | undefined {
  const shape = shapeOf('rtnexthop')
  if (!shape || range.length < shape.size) return undefined
  const parts: string[] = []
  let isList = false
  for (let rest = range; ; ) {
    const head = structViewOf(shape, rest.at, walk)
    if (!head) {
      parts.push(address(rest.at))
      break
    }
    const said = Number(head.numberOf('rtnh_len'))
    const taken = Math.min(rest.length, said)
    if (rest === range) isList = said < range.length
    const text = structText(head, shape, walk.context, walk.valueText)
    const attributes = after({ at: rest.at, length: taken }, shape.size)
    parts.push(attributes.length > 0 ? `[${text}, ${walk.attributesText(attributes, walk, 'route')}]` : text)
    if (aligned(taken) >= rest.length || taken === 0) break
    rest = after(rest, aligned(taken))
  }
  return isList ? `[${parts.join(', ')}]` : parts.join(', ')
}

/** RTA_VIA: a family, and an address of it. */
export function viaText(range: Range, walk: Walk): string | undefined {
  const { size } = struct('rtvia')
  if (range.length < size) return undefined
  const family = structOf(walk, range.at, 'rtvia')?.rtvia_family
  if (family === undefined) return address(range.at)
  const name = setText('=af', BigInt(family), walk.context.options)
  const rest = after(range, size)
  const shown = rest.length > 0 ? `, rtvia_addr=${inetText(rest, walk, family)}` : ''
  return `{rtvia_family=${name}${shown}}`
}

/** Numbers in memory, each with the name of its place. */
export function memoryInformation(range: Range, walk: Walk): string | undefined {
  const size = sizeOf(kinds().uint)
  if (range.length < size) return undefined
  const { options } = walk.context
  return arrayText(range.at, Math.floor(range.length / size), size, walk.context, (at, index) => {
    const bytes = numberOf(walk, at, kinds().uint)
    if (bytes === undefined) return undefined
    const place = setText('=sk_meminfo', BigInt(index), options)
    return `[${nameIn('sk_meminfo', BigInt(index)) === undefined ? `0x${index.toString(16)} /* SK_MEMINFO_??? */` : place}]=${bytes}`
  })
}

const CONDITIONS = ['INET_DIAG_BC_S_COND', 'INET_DIAG_BC_D_COND']
const RANGES = ['INET_DIAG_BC_S_GE', 'INET_DIAG_BC_S_LE', 'INET_DIAG_BC_D_GE', 'INET_DIAG_BC_D_LE']

function conditionText(range: Range, walk: Walk): string {
  const { size } = struct('inet_diag_hostcond')
  if (range.length < size) return hexText(walk, range)
  const condition = structOf(walk, range.at, 'inet_diag_hostcond')
  if (!condition) return address(range.at)
  const { family, prefix_len: prefix, port } = condition
  const rest = after(range, size)
  const host = rest.length > 0 ? `, addr=${inetText(rest, walk, family)}` : ''
  const name = setText('=af', BigInt(family), walk.context.options)
  return `{family=${name}, prefix_len=${prefix}, port=${port >>> 0}${host}}`
}

function operationText(range: Range, walk: Walk): string {
  const shape = shapeOf('inet_bc_op')
  if (!shape || range.length < shape.size) return hexText(walk, range)
  return structTextAt(shape, range.at, walk) ?? address(range.at)
}

function deviceText(range: Range, walk: Walk): string {
  if (range.length < sizeOf(kinds().uint)) return hexText(walk, range)
  const index = numberOf(walk, range.at, kinds().uint)
  return index === undefined ? address(range.at) : interfaceText(BigInt(index), walk)
}

function markText(range: Range, walk: Walk): string {
  if (range.length < struct('inet_diag_markcond').size) return hexText(walk, range)
  const condition = structOf(walk, range.at, 'inet_diag_markcond')
  return condition ? `{mark=${condition.mark}, mask=${condition.mask}}` : address(range.at)
}

/** INET_DIAG_REQ_BYTECODE: an operation, and what it compares with. */
export function bytecodeText(range: Range, walk: Walk): string | undefined {
  const shape = shapeOf('inet_bc_op')
  if (!shape || range.length < shape.size) return undefined
  const operation = structViewOf(shape, range.at, walk)
  if (!operation) return address(range.at)
  const head = structText(operation, shape, walk.context, walk.valueText)
  const rest = after(range, shape.size)
  if (rest.length === 0) return head
  const code = nameIn('inet_bc', operation.numberOf('code')) ?? ''
  if (CONDITIONS.includes(code)) return `${head}, ${conditionText(rest, walk)}`
  if (code === 'INET_DIAG_BC_DEV_COND') return `${head}, ${deviceText(rest, walk)}`
  if (code === 'INET_DIAG_BC_MARK_COND') return `${head}, ${markText(rest, walk)}`
  return `${head}, ${RANGES.includes(code) ? operationText(rest, walk) : hexText(walk, rest)}`
}

/** MDBA_MDB_ENTRY_INFO: a member of a group, whose protocol strace takes for a family. */
export function groupEntryText(range: Range, walk: Walk): string | undefined {
  const shape = shapeOf('br_mdb_entry')
  const entry = shape && structViewOf(shape, range.at, walk)
  if (!shape || !entry) return address(range.at)
  const head = structText(entry, shape, walk.context, walk.valueText)
  const { proto } = struct('br_mdb_group').read(entry.view)
  const [at, length] = [range.at + BigInt(offsetOf('br_mdb_group', 'group')), 16]
  const { options } = walk.context
  const name = networkNumber(proto, 2, options, host => setText('=af', host, options))
  return `${head.slice(0, -1)}, addr={u=${inetText({ at, length }, walk, Number(swapped(BigInt(proto), 2)))}, proto=${name}}}`
}
