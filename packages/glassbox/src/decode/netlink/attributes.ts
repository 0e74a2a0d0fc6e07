/**
 * Attributes of netlink messages: a length, a type, and a value whose kind the table of the
 * message names. A value that is too short for its kind, and one of a type that the table does not
 * have, is printed as bytes.
 */
import { unsignedAt } from '../../codec/numbers.ts'
import { struct } from '../../codec/struct.ts'
import { StructView } from '../../codec/struct-view.ts'
import { AF_BRIDGE, AF_INET6 } from '../../linux/constants.ts'
import { attributeTable, type AttributeTable } from '../../linux/attributes.ts'
import { arrayText } from '../basic/arrays.ts'
import { named, nameIn, setText } from '../names.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { structText } from '../shapes/struct-text.ts'
import { address, escaped, quote } from '../text.ts'
import { inetText, interfaceText } from './addresses.ts'
import { hardwareBytes } from '../network/interfaces.ts'
import { swapped } from '../network/order.ts'
import { bytecodeText, groupEntryText, memoryInformation, multipathText, viaText } from './special.ts'
import {
  after,
  aligned,
  hexText,
  type Range,
  recordsText,
  structOf,
  structTextAt,
  type Walk,
  viewOf,
} from './walk.ts'

const HEAD = (): number => struct('nlattr').size
const NESTED = 0x8000
const NETWORK_ORDER = 0x4000
const TYPE_MASK = 0x3fff

/** Returns `undefined` if the bytes are not a value of the kind. */
type ValueText = (range: Range, walk: Walk, operand: string) => string | undefined

const number = (size: number, print: (value: bigint, walk: Walk) => string): ValueText => {
  return (range, walk) => {
    if (range.length < size) return undefined
    const view = viewOf(walk, range.at, size)
    return view ? print(unsignedAt(view, 0, size), walk) : address(range.at)
  }
}

const LETTERS: Readonly<Record<string, (value: bigint, size: number) => string>> = {
  u: value => String(value),
  d: (value, size) => String(BigInt.asIntN(size * 8, value)),
  x: value => (value === 0n ? '0' : `0x${value.toString(16)}`),
  // As %#0*x: the width counts the prefix.
  w: (value, size) =>
    value === 0n ? '0'.repeat(size * 2) : `0x${value.toString(16).padStart(size * 2 - 2, '0')}`,
  be: (value, size) => `${{ 2: 'htons', 4: 'htonl' }[size] ?? 'htobe64'}(${swapped(value, size)})`,
}

/** A string: without the NUL at its end; with `...` if none of the bytes that are shown is one. */
const ended: ValueText = ({ at, length }, { context }) => {
  const { memory, limit, options } = context
  const shown = Math.min(length, limit)
  const bytes = memory.read(at, shown)
  if (bytes.length < shown) return address(at)
  const isEnded = bytes[shown - 1] === 0
  return quote(isEnded ? bytes.subarray(0, shown - 1) : bytes, !isEnded, options.stringsInHex)
}

const terminated: ValueText = ({ at, length }, { context }) => {
  const { memory, limit, options } = context
  const bytes = memory.read(at, Math.min(length, limit + 1))
  const end = bytes.indexOf(0)
  const shown = end < 0 ? bytes.subarray(0, limit) : bytes.subarray(0, end)
  return quote(shown, end < 0, options.stringsInHex)
}

const MOST_HARDWARE = 32

/** `most`: bytes that are shown. */
const hardware =
  (most: (walk: Walk) => number): ValueText =>
  ({ at, length }, walk) => {
    const { context } = walk
    if (length > MOST_HARDWARE) return undefined
    const bytes = context.memory.read(at, length)
    if (bytes.length < length) return address(at)
    const pairs = [...bytes.subarray(0, most(walk))].map(byte => byte.toString(16).padStart(2, '0')).join(':')
    return named(`"${escaped(bytes, 'all')}"`, pairs, context.options)
  }

/** `=SET/SIZE`, `|SET/SIZE`; 0: as long as the attribute is. */
const fromSet: ValueText = (range, walk, operand) => {
  const [set = '', least = '0'] = operand.split('/')
  if (range.length > 8 || range.length < Number(least)) return undefined
  const size = Number(least) === 0 ? range.length : Math.min(range.length, Number(least))
  const bytes = walk.context.memory.read(range.at, size)
  if (bytes.length < size) return address(range.at)
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return setText(set, value, walk.context.options)
}

/** As long as the attribute is. */
function fromNumber(range: Range, walk: Walk, print: (value: bigint) => string): string | undefined {
  if (range.length > 8) return undefined
  const bytes = walk.context.memory.read(range.at, range.length)
  if (bytes.length < range.length) return address(range.at)
  return print(bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n))
}

/** -X raw prints numbers alone. */
const ticksText = (value: bigint, walk: Walk): string =>
  walk.context.options.spelling === 'raw' ? String(value) : walk.valueText('ticks', value, walk.context)

const nested: ValueText = (range, walk, operand) => attributesText(range, walk, operand)

const shaped: ValueText = (range, walk, operand) => {
  const shape = shapeOf(operand)
  if (!shape || range.length < shape.size) return undefined
  return structTextAt(shape, range.at, walk) ?? address(range.at)
}

/** Numbers at the end of statistics that kernels before 4.6, or before 5.19, do not have. */
const NEWER = new Set(['rx_nohandler', 'rx_otherhost_dropped'])

/** Statistics of a link, which may end before the newer ones. */
const statistics: ValueText = (range, walk, operand) => {
  const shape = shapeOf(operand)
  if (!shape) return undefined
  const ends = shape.fields.filter(({ name }) => NEWER.has(name)).map(({ offset }) => offset)
  const size = range.length >= shape.size ? shape.size : ends.find(end => end === range.length)
  if (size === undefined) return undefined
  const view = viewOf(walk, range.at, size)
  if (!view) return address(range.at)
  const fields = shape.fields.filter(({ offset }) => offset < size)
  const found = new StructView(shape.layout, view, range.at, walk.context)
  return structText(found, shape, walk.context, walk.valueText, fields)
}

/** Structs one after the other. */
const structs: ValueText = (range, walk, operand) => {
  const shape = shapeOf(operand)
  if (!shape || range.length < shape.size) return undefined
  return arrayText(range.at, Math.floor(range.length / shape.size), shape.size, walk.context, at =>
    structTextAt(shape, at, walk),
  )
}

/** Numbers, each with the name of its place. */
const places: ValueText = (range, walk, set) => {
  if (range.length < 4) return undefined
  return arrayText(range.at, Math.floor(range.length / 4), 4, walk.context, (at, index) => {
    const view = viewOf(walk, at, 4)
    const place = setText(set, BigInt(index), walk.context.options)
    return view && `[${place}]=${LETTERS['d']?.(unsignedAt(view, 0, 4), 4)}`
  })
}

/** A number or a struct, and the attributes after it. */
const followed =
  (head: ValueText, size: () => number, table: string): ValueText =>
  (range, walk) => {
    const text = range.length < size() ? undefined : head(range, walk, '')
    const rest = after(range, aligned(size()))
    return text === undefined || rest.length === 0 ? text : `${text}, ${attributesText(rest, walk, table)}`
  }

/** Numbers of a letter and a size: `u4`. */
const list: ValueText = (range, walk, operand) => {
  const size = Number(operand.slice(1))
  if (range.length < size) return undefined
  return arrayText(range.at, Math.floor(range.length / size), size, walk.context, at => {
    const view = viewOf(walk, at, size)
    return view && LETTERS[operand[0] ?? 'u']?.(unsignedAt(view, 0, size), size)
  })
}

/** What the data of a link is depends on its kind, which is said before it. */
const linkInformation: ValueText = (range, walk) => {
  const bytes = Buffer.from(walk.context.memory.read(range.at, Math.min(range.length, 64))).toString('latin1')
  const kind = bytes.slice(HEAD()).split('\0')[0]
  return attributesText(range, walk, kind === 'bridge' || kind === 'tun' ? `info_${kind}` : 'info')
}

/** A value of a set, of so many bytes, whatever follows it. */
function ofSize(size: number): ValueText {
  return (range, walk, set) =>
    number(size, value => setText(set, value, walk.context.options))(range, walk, '')
}

const VALUES: Readonly<Record<string, ValueText>> = {
  str: ended,
  str0: terminated,
  // As in strace, which takes the address family for the type of the hardware.
  hwaddr: hardware(({ family }) => hardwareBytes(family)),
  mac: hardware(() => MOST_HARDWARE),
  ticks: (range, walk) => fromNumber(range, walk, value => ticksText(value, walk)),
  protinfo: (range, walk) => {
    const table = { [AF_BRIDGE]: 'brport', [AF_INET6]: 'inet6' }[walk.family]
    return table && attributesText(range, walk, table)
  },
  inet: (range, walk) => inetText(range, walk, walk.family),
  in6: (range, walk) => (range.length < 16 ? undefined : inetText(range, walk, AF_INET6)),
  ifindex: number(4, (value, walk) => interfaceText(value, walk)),
  fd: number(4, (value, walk) => walk.valueText('fd', value, walk.context)),
  id: number(4, (value, walk) => walk.valueText('id', value, walk.context)),
  etherproto: number(2, (value, walk) => {
    const set = setText('=eth_protocol', swapped(value, 2), walk.context.options)
    return `htons(${set})`
  }),
  nest: nested,
  stats: statistics,
  structs,
  places,
  mdb_entry: followed(
    (range, walk) => groupEntryText(range, walk),
    () => struct('br_mdb_entry').size,
    'mdb_eattr',
  ),
  router_port: followed(
    number(4, (value, walk) => interfaceText(value, walk)),
    () => 4,
    'mdb_port',
  ),
  list,
  indexed: list,
  linkinfo: linkInformation,
  multipath: multipathText,
  via: viaText,
  set1: ofSize(1),
  set2: ofSize(2),
  set4: ofSize(4),
  meminfo: memoryInformation,
  bytecode: bytecodeText,
}

function valueText(kind: string, range: Range, walk: Walk): string | undefined {
  if (kind.startsWith('=') || kind.startsWith('|')) return fromSet(range, walk, kind)
  if (kind.startsWith('{')) return shaped(range, walk, kind.slice(1, -1))
  const [, letter = '', size] = /^(u|d|x|be)(\d)$/.exec(kind) ?? []
  if (size !== undefined)
    return number(Number(size), value => LETTERS[letter]?.(value, Number(size)) ?? '')(range, walk, '')
  const [name = '', operand = ''] = kind.split(':')
  return VALUES[name]?.(range, walk, operand)
}

function typeText(type: number, table: AttributeTable | undefined, { context }: Walk): string {
  const { options } = context
  const bare = BigInt(type & TYPE_MASK)
  const flags = [
    ...(type & NESTED ? [named('0x8000', 'NLA_F_NESTED', options)] : []),
    ...(type & NETWORK_ORDER ? [named('0x4000', 'NLA_F_NET_BYTEORDER', options)] : []),
  ]
  const name = table ? setText(table.types, bare, options) : LETTERS['x']?.(bare, 2)
  return [...flags, name].join('|')
}

/** `[{nla_len=8, nla_type=IFLA_MTU}, 1500]`, or a list of these. */
export function attributesText(range: Range, walk: Walk, tableName: string): string {
  const table = attributeTable(tableName)
  return recordsText(walk, range, HEAD(), rest => {
    const fields = structOf(walk, rest.at, 'nlattr')
    if (!fields) return undefined
    const { nla_len: length, nla_type: type } = fields
    return {
      length,
      text: ({ at, length: left }) => {
        const head = `{nla_len=${length}, nla_type=${typeText(type, table, walk)}}`
        const shown = Math.min(length, left)
        if (shown <= HEAD()) return head
        const payload = after({ at, length: shown }, HEAD())
        const name = table && nameIn(table.types.slice(1), BigInt(type & TYPE_MASK))
        const kind = name === undefined ? undefined : table?.kinds.get(name)
        return `[${head}, ${(kind && valueText(kind, payload, walk)) ?? hexText(walk, payload)}]`
      },
    }
  })
}
