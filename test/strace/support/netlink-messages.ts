/**
 * Chooses netlink messages by a seed, for the guest netlink-calls.c, and runs it under both
 * tracers, which inject a result in place of each call. Messages follow the tables of types and
 * attributes, with lengths that are right, short and long, unknown types, and memory that ends.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attributeTable } from '#glassbox/linux/attributes.js'
import { constantSet } from '#glassbox/linux/flags.js'
import { shapeOf } from '#glassbox/linux/shapes.js'
import { program } from '../../support/programs.js'
import { type Difference, numbers, type Result } from './chosen-calls.js'
import { NEWER_NAMES, sameButNewer } from './newer.js'
import { CONFINED, OURS, runTracer, THEIRS } from './strace.js'

/** What the guest reads: struct record. */
const BYTES = 1016
const RECORD = 8 + BYTES
const MOST = 8192
const CALLS = { sendto: 0, sendmsg: 1, recvfrom: 2, recvmsg: 3 }

type Random = (below: number) => number

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)] as T

const word = (value: number, bytes: number): Buffer => {
  const part = Buffer.alloc(bytes)
  part.writeUIntLE(value, 0, bytes)
  return part
}

/** As `nla_len` counts and as the next record begins. */
const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])

const SIZES = [
  0, 1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 8, 9, 10, 12, 16, 17, 20, 24, 28, 32, 36, 40, 56, 64, 96, 104, 192,
]
const TEXTS = ['bridge', 'tun', 'veth', 'eth0', 'a"b\n', 'a long name which -s 32 cuts somewhere']
const NUMBERS = [0, 1, 2, 3, 4, 8, 10, 16, 32, 64, 127, 128, 253, 254, 255, 256, 0x1234, 0x8100, 0x0800]
const FAMILIES = [0, 1, 2, 2, 2, 10, 10, 10, 7, 7, 16, 17, 28, 43, 44, 45, 128, 129, 255]

const wide = (random: Random): number =>
  pick(random, [random(4), pick(random, NUMBERS), random(2) ? 2 ** random(32) : 0xffff_ffff, random(2 ** 31)])

/** Bytes that are words of 4, 2 or 1, letters or zeros. */
function filled(random: Random, size: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, size))
  const sort = random(6)
  if (sort <= 2) for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(wide(random), at)
  if (sort === 3) for (let at = 0; at + 2 <= size; at += 2) bytes.writeUInt16LE(pick(random, NUMBERS), at)
  if (sort === 4) for (let at = 0; at < size; at++) bytes[at] = random(256)
  if (size > 0 && sort < 3 && random(3) === 0) bytes[0] = pick(random, FAMILIES)
  return bytes
}

const text = (random: Random): Buffer => Buffer.from(`${pick(random, TEXTS)}${random(4) ? '\0' : ''}`)

/** Sizes that kinds of attributes need. */
function sizeOf(kind: string): number | undefined {
  const [, letters] = /^\{(\w+)\}$|^stats:(\w+)$/.exec(kind) ?? []
  const name = letters ?? /^stats:(\w+)$/.exec(kind)?.[1]
  if (name !== undefined) return shapeOf(name)?.size
  const digits = /(\d)$/.exec(kind)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

const members = (set: string): readonly number[] =>
  (constantSet(set.slice(1))?.entries ?? []).flatMap(([name, value]) =>
    NEWER_NAMES.has(name) ? [] : [value],
  )

const NESTS: Readonly<Record<string, readonly string[]>> = {
  linkinfo: ['info', 'info_bridge', 'info_tun'],
  protinfo: ['brport', 'inet6'],
}

/** Hops of a route. strace 6.1 never comes to the end of one whose length is zero. */
function hops(random: Random): Buffer {
  const parts = Array.from({ length: 1 + random(3) }, () => {
    const rest = random(2) ? attribute(random(20), filled(random, 4), random) : Buffer.alloc(0)
    const head = [word(8 + rest.length, 2), word(random(3), 1), word(random(70), 1), word(random(4), 4)]
    return Buffer.concat([...head, rest])
  })
  return Buffer.concat(parts)
}

function payload(random: Random, kind: string, depth: number): Buffer {
  if (kind === 'multipath') return hops(random)
  const choice = random(20)
  if (choice === 0) return Buffer.alloc(0)
  const nest = NESTS[kind] ?? (kind.startsWith('nest:') ? [kind.slice(5)] : undefined)
  if (kind === 'linkinfo' && choice < 16) {
    const name = pick(random, ['bridge', 'tun', 'veth', 'bond'])
    const data = attributes(random, ['bridge', 'tun'].includes(name) ? name : '', depth + 1)
    return Buffer.concat([
      attribute(1, Buffer.from(`${name}\0`), random),
      attribute(pick(random, [2, 2, 2, 3, 5]), data, random),
    ])
  }
  if (nest && choice < 17) return attributes(random, pick(random, nest), depth + 1)
  if (kind.startsWith('str') && choice < 17) return text(random)
  const size = sizeOf(kind)
  if (size !== undefined && choice < 17) return filled(random, size + pick(random, [0, 0, 0, 0, -1, 1, 4]))
  if (choice < 8 && depth < 4) return attributes(random, '', depth + 1)
  if (choice === 19) return text(random)
  return filled(random, pick(random, SIZES))
}

function attribute(type: number, value: Buffer, random: Random): Buffer {
  const flags = random(10) ? 0 : pick(random, [0x8000, 0x4000, 0xc000])
  const length = 4 + value.length + (random(30) ? 0 : pick(random, [-5, -4, -1, 1, 4, 100, 0xff00]))
  return padded(
    Buffer.concat([word(Math.max(0, length) & 0xffff, 2), word((type | flags) & 0xffff, 2), value]),
  )
}

/** Attributes of a table; of any types and values if there is none. */
function attributes(random: Random, tableName: string, depth = 0): Buffer {
  const table = attributeTable(tableName)
  const types = table ? members(table.types) : []
  const parts = Array.from({ length: depth === 0 ? 1 + random(3) : random(4) }, () => {
    const known = types.length > 0 && random(8) > 0
    const type = known ? pick(random, types) : random(random(3) ? 12 : 70)
    const name = table && constantSet(table.types.slice(1))?.entries.find(([, value]) => value === type)?.[0]
    return attribute(type, payload(random, (name && table?.kinds.get(name)) ?? '', depth), random)
  })
  return Buffer.concat(parts)
}

/** The head and the table of attributes of types of messages, by protocol. */
interface Sort {
  readonly protocol: number
  readonly weight: number
  readonly types: (random: Random) => number
  readonly heads: readonly (readonly [size: number, tables: readonly string[]])[]
}

const ofSet =
  (set: string) =>
  (random: Random): number =>
    pick(random, members(`=${set}`))

const around =
  (first: number, count: number) =>
  (random: Random): number =>
    first + random(count)

const TABLES_OF_ROUTE: Readonly<Record<number, readonly [shape: string, table: string]>> = {
  16: ['ifinfomsg', 'link'],
  20: ['ifaddrmsg', 'addr'],
  24: ['rtmsg', 'route'],
  28: ['ndmsg', 'neigh'],
  32: ['fib_rule_hdr', 'rule'],
  36: ['tcmsg', 'tc'],
  40: ['tcmsg', 'tc'],
  44: ['tcmsg', 'tc'],
  48: ['tcamsg', 'tc_actions'],
  56: ['ifaddrmsg', 'addr'],
  60: ['ifaddrmsg', 'addr'],
  64: ['ndtmsg', 'neightbl'],
  72: ['ifaddrlblmsg', 'addrlabel'],
  76: ['dcbmsg', 'dcb'],
  80: ['netconfmsg', 'netconf'],
  84: ['br_port_msg', 'mdb'],
  88: ['rtgenmsg', 'nsid'],
  92: ['if_stats_msg', 'link_stats'],
  100: ['tcmsg', 'tc'],
  104: ['nhmsg', 'nexthop'],
}

const DIAG: readonly (readonly [number, readonly string[]])[] = [
  [56, ['inet_req', 'inet_diag']],
  [72, ['inet_diag']],
  [24, ['unix', '']],
  [16, ['unix']],
  [28, ['netlink']],
  [20, ['packet']],
  [16, ['packet']],
  [60, ['inet_diag']],
]

const SORTS: readonly Sort[] = [
  ...Object.entries(TABLES_OF_ROUTE).map(([first, [shape, table]]) => ({
    protocol: 0,
    weight: 5,
    types: around(Number(first), 4),
    heads: [[shapeOf(shape)?.size ?? 1, [table]] as const],
  })),
  { protocol: 0, weight: 5, types: around(14, 120), heads: [[8, ['']]] },
  { protocol: 4, weight: 30, types: random => pick(random, [18, 19, 20, 20, 20, 21, 22]), heads: DIAG },
  { protocol: 12, weight: 8, types: random => random(14) * 256 + random(32), heads: [[4, ['']]] },
  { protocol: 6, weight: 4, types: around(14, 40), heads: [[64, ['']]] },
  { protocol: 7, weight: 3, types: around(14, 6), heads: [[4, ['']]] },
  { protocol: 9, weight: 4, types: ofSet('nl_audit'), heads: [[40, ['']]] },
  { protocol: 9, weight: 2, types: around(998, 1300), heads: [[40, ['']]] },
  {
    protocol: 21,
    weight: 4,
    types: around(14, 9),
    heads: [
      [224, ['']],
      [216, ['']],
    ],
  },
  // Other families have numbers and names of this kernel: strace asks it for them.
  {
    protocol: 16,
    weight: 4,
    types: random => pick(random, [16, 16, 1000 + random(100)]),
    heads: [[4, ['']]],
  },
  ...[2, 3, 5, 8, 10, 11, 14, 15, 18, 19, 20, 22].map(protocol => ({
    protocol,
    weight: 1,
    types: around(0, 40),
    heads: [[8, ['']] as const],
  })),
]

const WHEEL: readonly Sort[] = SORTS.flatMap(sort => Array.from({ length: sort.weight }, () => sort))

const FLAGS = [0, 1, 0x301, 0x305, 0x500, 0xf01, 0x100, 0x200, 0x701, 0x1ff, 0xffff, 2, 0x40]

function message(random: Random, type: number, content: Buffer, flags = pick(random, FLAGS)): Buffer {
  const length = 16 + content.length + (random(25) ? 0 : pick(random, [-17, -4, -1, 1, 4, 100, 2 ** 31]))
  return padded(
    Buffer.concat([
      word(Math.max(0, length), 4),
      word(type & 0xffff, 2),
      word(flags, 2),
      word(random(10), 4),
      word(random(6) ? 0 : random(70000), 4),
      content,
    ]),
  )
}

function body(random: Random, sort: Sort): Buffer {
  const [size, tables] = pick(random, sort.heads)
  const head = filled(random, random(15) ? size : random(size + 8))
  if (head.length > 0 && random(10)) head[0] = pick(random, FAMILIES)
  const rest = random(6) ? attributes(random, pick(random, tables)) : filled(random, random(12))
  return Buffer.concat([padded(head), rest])
}

const ERRORS = [0, -1, -2, -22, -95, 1, -4095, -5000]

/** A message of its protocol, an error about one, an end, or one of a type without a name. */
function one(random: Random, sort: Sort): Buffer {
  const choice = random(20)
  const type = sort.types(random)
  if (choice === 0)
    return message(random, 3, random(2) ? word(pick(random, ERRORS) >>> 0, 4) : body(random, sort))
  if (choice === 1) return message(random, random(16), filled(random, random(20)))
  if (choice === 2) {
    const about = message(random, type, random(2) ? body(random, sort) : Buffer.alloc(0))
    const more = random(2) ? attributes(random, 'nlmsgerr') : Buffer.alloc(0)
    const error = word(pick(random, ERRORS) >>> 0, 4)
    return message(random, 2, Buffer.concat([error, random(4) ? about : about.subarray(0, random(20)), more]))
  }
  return message(random, type, body(random, sort))
}

/** Records for the guest. `calls`: those that are made. */
export function chosenMessages(
  seed: number,
  count: number,
  calls: readonly (keyof typeof CALLS)[],
  protocols: readonly number[] = [],
): Buffer {
  const random = numbers(seed)
  const wheel = protocols.length === 0 ? WHEEL : WHEEL.filter(({ protocol }) => protocols.includes(protocol))
  const all = Buffer.alloc(Math.min(count, MOST) * RECORD)
  for (let at = 0; at < all.length; at += RECORD) {
    const sort = pick(random, wheel)
    const parts = Array.from({ length: random(6) ? 1 : 2 + random(2) }, () => one(random, sort))
    const whole = Buffer.concat(parts).subarray(0, BYTES)
    const length = whole.length + (random(12) ? 0 : pick(random, [-1, -3, -8, 1, 4, 40]))
    const call = CALLS[pick(random, calls)]
    all[at] = sort.protocol
    all[at + 1] = call
    all.writeUInt16LE(Math.max(0, length), at + 2)
    all.writeUInt16LE(random(5) || length < 2 ? 0 : 1 + random(length - 1), at + 4)
    all.writeUInt16LE(whole.length, at + 6)
    whole.copy(all, at + 8)
  }
  return all
}

const TRACED = Object.keys(CALLS).join(',')

export function messageLines(
  cwd: string,
  tracer: readonly string[],
  records: Buffer,
  result: Result,
  options: readonly string[],
): readonly string[] {
  const file = join(cwd, 'trace')
  writeFileSync(join(cwd, 'calls'), records)
  runTracer(
    [...CONFINED, 'sh', '-c', 'exec "$@" < calls > /dev/null 2>&1', 'sh', ...tracer],
    [
      ...['-a', '1', '-e', `trace=${TRACED}`, '-e', 'signal=none', ...options],
      ...['-e', `inject=${TRACED}:${result}`, '-o', file, program('netlink-calls')],
    ],
    { cwd },
  )
  return readFileSync(file, 'latin1').split('\n').slice(0, -2)
}

/** What has no printer yet, or another table of names: docs/tracing.md. */
const KNOWN = new RegExp(
  [
    'ndtc_hash_mask=',
    'diag_ext=[^,]*0x',
    'XFRM_MSG_GETDEFAULT',
    'IPPROTO_(NONE|DSTOPTS|MH|ICMPV6|ROUTING|FRAGMENT)',
    'AUDIT_(FIRST|LAST)_',
    'nla_type=(NLA_F_\\w+\\|)*IFLA_(ADDRESS|PERM_ADDRESS|BROADCAST|EXT_MASK)\\}',
    'nla_type=(NLA_F_\\w+\\|)*BRIDGE_XSTATS_(VLAN|MCAST|STP)\\}',
    'nla_type=(NLA_F_\\w+\\|)*INET_DIAG_(SK_BPF_STORAGES|SOCKOPT|SHUTDOWN)\\}',
    'nla_type=(NLA_F_\\w+\\|)*(PACKET_DIAG_|SMC_DIAG_|NETLINK_DIAG_(RX|TX)_RING)',
    '/\\* SK_MEMINFO_',
  ].join('|'),
)

/** Lines of both that differ, but for what is known. */
export function messageDifferences(
  cwd: string,
  records: Buffer,
  result: Result,
  options: readonly string[],
): readonly Difference[] {
  const theirs = messageLines(cwd, THEIRS, records, result, options)
  const count = records.length / RECORD
  if (theirs.length !== count)
    throw new Error(`strace ended at message ${theirs.length} of ${count}: ${theirs.at(-1)?.slice(0, 200)}`)
  const ours = messageLines(cwd, OURS, records, result, options)
  return theirs.flatMap((line, index) =>
    sameButNewer(ours[index] ?? '', line) || KNOWN.test(line)
      ? []
      : [{ call: /^\w*/.exec(line)?.[0] ?? '', ours: ours[index] ?? '', theirs: line }],
  )
}
