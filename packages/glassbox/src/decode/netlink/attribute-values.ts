/**
 * Attributes of netlink messages as values for programs, by the same tables as their text. What a
 * table does not have, and what is too short for its kind, are bytes.
 */
import { struct } from '../../codec/struct.ts'
import { narrow } from '../../codec/numbers.ts'
import { AF_BRIDGE, AF_INET, AF_INET6 } from '../../linux/constants.ts'
import { attributeTable } from '../../linux/attributes.ts'
import { isStructName, layoutOf } from '../../linux/schema/layouts.ts'
import { nameIn } from '../names.ts'
import { enumName, flagNames } from '../plain/names.ts'
import { ipv6Digits, swapped } from '../network/order.ts'
import type { Value } from '../types.ts'
import { familyName, structValue, viewOf } from './in-bytes.ts'
import { aligned } from './walk.ts'

/** The message that has the attributes. */
export interface Around {
  readonly family: number
  readonly protocol: number
  /** How many attributes this one lies in. */
  readonly depth?: number
}

const MOST_DEPTH = 16
const TYPE_MASK = 0x3fff
const utf8 = new TextDecoder()

type Read = (bytes: Uint8Array, around: Around, operand: string) => Value | undefined

const wordOf = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

const digits = (bytes: Uint8Array): string =>
  [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':')

/** `u4`, `d4`, `x2`, `be8`. */
function number(letter: string, size: number, bytes: Uint8Array): Value | undefined {
  if (bytes.length < size) return undefined
  const value = wordOf(bytes.subarray(0, size))
  if (letter === 'be') return narrow(swapped(value, size))
  return narrow(letter === 'd' ? BigInt.asIntN(size * 8, value) : value)
}

/** `=SET/SIZE`, `|SET/SIZE`; 0: as long as the attribute is. */
function fromSet(kind: string, bytes: Uint8Array): Value | undefined {
  const [set = '', least = '0'] = kind.slice(1).split('/')
  if (bytes.length > 8 || bytes.length === 0 || bytes.length < Number(least)) return undefined
  const value = narrow(wordOf(Number(least) === 0 ? bytes : bytes.subarray(0, Number(least))))
  return kind.startsWith('=') ? enumName(set, value) : flagNames(set, value)
}

const ipv4 = (bytes: Uint8Array): string => bytes.subarray(0, 4).join('.')
function inet(bytes: Uint8Array, family: number): Value | undefined {
  if (family === AF_INET && bytes.length >= 4) return ipv4(bytes)
  return family === AF_INET6 && bytes.length >= 16 ? ipv6Digits(bytes.subarray(0, 16)) : undefined
}

function shaped(name: string, bytes: Uint8Array): Value | undefined {
  return isStructName(name) && bytes.length >= layoutOf(name).size ? structValue(name, bytes) : undefined
}

function numbers(operand: string, bytes: Uint8Array): Value | undefined {
  const size = Number(operand.slice(1))
  const count = Math.trunc(bytes.length / size)
  if (count === 0) return undefined
  return Array.from(
    { length: count },
    (_, index) => number(operand[0] ?? 'u', size, bytes.subarray(index * size)) ?? 0,
  )
}

/** A list of struct rtnexthop, each with attributes of its own. */
function multipath(bytes: Uint8Array, around: Around): Value | undefined {
  const { size } = struct('rtnexthop')
  const hops: Value[] = []
  for (let rest = bytes; rest.length >= size; ) {
    const { rtnh_len: said } = struct('rtnexthop').read(viewOf(rest))
    const inside = rest.subarray(size, Math.max(size, Math.min(said, rest.length)))
    const more = inside.length > 0 ? { attributes: attributeValues(inside, 'route', around) } : {}
    hops.push({ ...structValue('rtnexthop', rest), ...more })
    if (said < size) break
    rest = rest.subarray(aligned(said))
  }
  return hops.length === 0 ? undefined : hops
}

function via(bytes: Uint8Array): Value | undefined {
  const { size } = struct('rtvia')
  if (bytes.length < size) return undefined
  const family = struct('rtvia').read(viewOf(bytes)).rtvia_family
  const rest = bytes.subarray(size)
  return { rtvia_family: familyName(family), rtvia_addr: inet(rest, family) ?? rest }
}

/** What the data of a link is depends on its kind, which is said before it. */
function linkInformation(bytes: Uint8Array, around: Around): Value {
  const kind = untilNul(bytes.subarray(struct('nlattr').size, 64))
  return attributeValues(bytes, kind === 'bridge' || kind === 'tun' ? `info_${kind}` : 'info', around)
}

const VALUES: Readonly<Record<string, Read>> = {
  str: untilNul,
  str0: untilNul,
  hwaddr: digits,
  mac: digits,
  ticks: bytes => (bytes.length > 8 ? undefined : narrow(wordOf(bytes))),
  protinfo: (bytes, around) => {
    const table = { [AF_BRIDGE]: 'brport', [AF_INET6]: 'inet6' }[around.family]
    return table === undefined ? undefined : attributeValues(bytes, table, around)
  },
  inet: (bytes, { family }) => inet(bytes, family),
  in6: bytes => inet(bytes, AF_INET6),
  ifindex: bytes => number('u', 4, bytes),
  fd: bytes => number('d', 4, bytes),
  id: bytes => number('u', 4, bytes),
  etherproto: bytes => {
    const value = number('be', 2, bytes)
    return value === undefined ? undefined : enumName('eth_protocol', value as number)
  },
  nest: (bytes, around, table) => attributeValues(bytes, table, around),
  stats: (bytes, _around, name) => shaped(name, bytes),
  structs: (bytes, _around, name) => {
    const size = isStructName(name) ? layoutOf(name).size : 0
    if (size === 0) return undefined
    return Array.from(
      { length: Math.trunc(bytes.length / size) },
      (_, index) => shaped(name, bytes.subarray(index * size)) ?? null,
    )
  },
  places: bytes => numbers('d4', bytes),
  router_port: bytes => number('u', 4, bytes),
  mdb_entry: bytes => shaped('br_mdb_entry', bytes),
  list: (bytes, _around, operand) => numbers(operand, bytes),
  indexed: (bytes, _around, operand) => numbers(operand, bytes),
  linkinfo: linkInformation,
  multipath,
  via,
  set1: (bytes, _around, kind) => fromSet(`${kind}/1`, bytes),
  set2: (bytes, _around, kind) => fromSet(`${kind}/2`, bytes),
  set4: (bytes, _around, kind) => fromSet(`${kind}/4`, bytes),
  meminfo: bytes => numbers('u4', bytes),
  bytecode: bytes => shaped('inet_bc_op', bytes),
}

function valueOf(kind: string, bytes: Uint8Array, around: Around): Value | undefined {
  if (kind.startsWith('=') || kind.startsWith('|')) return fromSet(kind, bytes)
  if (kind.startsWith('{')) return shaped(kind.slice(1, -1), bytes)
  const [, letter, size] = /^(u|d|x|be)(\d)$/.exec(kind) ?? []
  if (letter !== undefined) return number(letter, Number(size), bytes)
  const [name = '', operand = ''] = kind.split(':')
  return VALUES[name]?.(bytes, around, operand)
}

/** The attributes in these bytes, each with the name of its type, or with its number. */
export function attributeValues(bytes: Uint8Array, tableName: string, around: Around): readonly Value[] {
  const depth = (around.depth ?? 0) + 1
  if (depth > MOST_DEPTH) return [bytes]
  const table = attributeTable(tableName)
  const { size } = struct('nlattr')
  const found: Value[] = []
  for (let rest = bytes; rest.length >= size; ) {
    const { nla_len: length, nla_type: whole } = struct('nlattr').read(viewOf(rest))
    const type = whole & TYPE_MASK
    const name = table && nameIn(table.types.slice(1), BigInt(type))
    const kind = name === undefined ? undefined : table?.kinds.get(name)
    const payload = rest.subarray(size, Math.max(size, Math.min(length, rest.length)))
    const value = kind === undefined ? undefined : valueOf(kind, payload, { ...around, depth })
    found.push({ nla_type: name ?? type, value: value ?? payload })
    if (length < size) break
    rest = rest.subarray(aligned(length))
  }
  return found
}
