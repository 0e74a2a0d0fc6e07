/** Kinds of fields that only shapes have: numbers in network order, addresses, ratios. */
import type { Context } from '../context.ts'
import { deviceText } from '../basic/modes.ts'
import { named, nameIn, nameless, setText, signalText } from '../names.ts'
import { extendedCode } from '../process/bpf-program.ts'
import { hex } from '../text.ts'
import { timeComment } from '../files/files.ts'
import { interfaceText, swapped } from '../network/order.ts'
import type { TextOptions } from '../types.ts'

type WordText = (value: bigint, context: Context, size: number) => string

/** UNI_DIRECT_BASE of linux/kd.h: which block of 512 characters means places in the font. */
const DIRECT_BLOCK = 120n

export const WORDS: Readonly<Record<string, WordText>> = {
  /** A number in network order. */
  be: (value, _context, size) => `${size === 2 ? 'htons' : 'htonl'}(${swapped(value, size)})`,
  btrfscompat: (value, { options }) =>
    value === 0n
      ? '0'
      : `${hex(value)}${options.spelling === 'raw' ? '' : ' /* BTRFS_FEATURE_COMPAT_??? */'}`,
  /** The reserved objects of btrfs have small numbers, counted from either end. */
  objectid: (value, { options }) =>
    isObjectName(value) ? setText('=btrfs_object', value, options) : largest(value, options),
  /** What a search has found: also inodes of files. */
  foundobject: (value, context, size) =>
    value === FIRST_FREE
      ? named(String(value), 'BTRFS_FIRST_FREE_OBJECTID', context.options)
      : (WORDS['objectid']?.(value, context, size) ?? String(value)),
  btrfskey: (value, { options }) => {
    const name = nameIn('btrfs_key', value)
    return name === undefined ? String(value) : named(String(value), name, options)
  },
  dev64: (value, { options }) => deviceText(value, options),
  kernelversion: (value, { options }) =>
    named(hex(value), `KERNEL_VERSION(${value >> 16n}, ${(value >> 8n) & 0xffn}, ${value & 0xffn})`, options),
  v4l2ctrl: (value, { options }) => videoControl(value, options),
  /** A character between quotes. */
  char: value => quotedCharacter(Number(value)),
  /** KIOCSOUND: a divisor of the clock of the speaker, by what strace makes of it. */
  sound: (value, context) => `${value}${hertz(value, context)}`,
  tone: (value, context) => toneText(BigInt.asUintN(32, value), context),
  /** A character of the console by its place in the font. */
  unicode: (value, { options }) =>
    value >> 9n === DIRECT_BLOCK
      ? named(hex(value), `UNI_DIRECT_BASE+${hex(value & 0x1ffn)}`, options)
      : hex(value),
  /** A number of 64 bits, of which the largest has a name. */
  largest: (value, { options }) => largest(value, options),
  /** Two numbers of 32 bits. */
  hexpair: value => `[${hex(value & 0xffffffffn)}, ${hex(value >> 32n)}]`,
  permille: value => `${value}${value > 0n && value <= 1000n ? ` /* ${value / 10n}.${value % 10n}% */` : ''}`,
  datedseconds: value => `${value}${timeComment(BigInt.asIntN(64, value), 0n)}`,
  /** A number of 32 bits; all bits are none. */
  unlessnone: value => (value === 0xffffffffn ? '-1' : String(value)),
  uringrestriction: (value, { options }) => restriction(value & 0xffffn, (value >> 16n) & 0xffn, options),
  /** The mount at which a list begins; all bits are the root of the namespace. */
  mountid: (value, { options }) =>
    value === 2n ** 64n - 1n ? named(hex(value), 'LSMT_ROOT', options) : hex(value),
  /** The user namespace of those that are listed; all bits are the caller's. */
  usernsid: (value, { options }) =>
    value === 2n ** 64n - 1n ? named(hex(value), 'LISTNS_CURRENT_USER', options) : hex(value),
  /** A node of memory; the kernel takes -1 for none. */
  numanode: (value, { options }) =>
    value === 0xffffffffn && options.spelling !== 'raw' ? `${value} /* NUMA_NO_NODE */` : String(value),
  ebpfcode: (value, { options }) => extendedCode(Number(value), options),
  ebpfdestination: (value, { options }) => setText('=bpf_reg', value & 0xfn, options),
  ebpfsource: (value, { options }) => setText('=bpf_reg', value >> 4n, options),
  leds: (value, { options }) => setText('|kd_leds', value & 0xffn, options),
  defaultleds: (value, { options }) => setText('|kd_default_leds', value & 0xffn, options),
  fourcc: (value, { options }) => fourcc(value, options.spelling ?? 'abbrev'),
  ifindex: (value, { options }) => interfaceText(Number(BigInt.asUintN(32, value)), options),
  /** How long an address is valid, in seconds. */
  lifetime: (value, { options }) =>
    value === 0xffffffffn && options.spelling !== 'raw' ? `${value} /* INFINITY_LIFE_TIME */` : String(value),
  /** 255: all protocols. */
  diagprotocol: (value, { options }) =>
    value === 255n ? named('0xff', 'NDIAG_PROTO_ALL', options) : setText('=netlink', value, options),
  diagshow: (value, { options }) => setText('|netlink_show', value, options),
  signal: (value, { options }) => signalText(Number(value), options),
}

/** The first number of an object that is no tree. */
const FIRST_FREE = 256n

const ALL_BITS = 2n ** 64n - 1n

const largest = (value: bigint, options: TextOptions): string =>
  value === ALL_BITS ? named(String(value), 'UINT64_MAX', options) : String(value)

/** What counts from either end, but for the numbers that mean none and all. */
const isObjectName = (value: bigint): boolean =>
  value !== 0n && value !== ALL_BITS && (value < 2n ** 32n || value > ALL_BITS - 256n)

/** The name of a control, or its place among those of its class. */
function videoControl(value: bigint, options: TextOptions): string {
  const CLASS = 0xffff0000n
  const known = nameIn('v4l2_cid', value)
  const name = nameIn('v4l2_class', value & CLASS)
  // Below the classes, headers give numbers of settings names of the same form.
  if ((value & CLASS) === 0n) return nameless(hex(value), 'V4L2_CID_???', options)
  if (known !== undefined || name === undefined) return setText('=v4l2_cid', value, options)
  const place = value & ~CLASS
  return named(hex(value), `${name}+${place === 0n ? '0' : hex(place)}`, options)
}

/** Four letters as v4l2_fourcc() takes them. */
function fourcc(value: bigint, spelling: 'abbrev' | 'raw' | 'verbose'): string {
  const letters = [0n, 8n, 16n, 24n].map(shift => {
    const byte = Number((value >> shift) & 0xffn)
    const isText = byte >= 32 && byte < 127
    const quoted = byte === 39 || byte === 92 ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte)
    return `'${isText ? quoted : `\\x${byte.toString(16).padStart(2, '0')}`}'`
  })
  const name = nameIn('v4l2_fourcc', value)
  const comment = name === undefined ? '' : ` /* ${name} */`
  // As in strace: never a number beside the call.
  return spelling === 'raw' ? hex(value) : `v4l2_fourcc(${letters.join(', ')})${comment}`
}

const ESCAPED: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  39: "\\'",
  92: '\\\\',
}

/** A character between quotes, with an escape if it is no printable one. */
export function quotedCharacter(byte: number): string {
  const plain = byte >= 32 && byte < 127 ? String.fromCharCode(byte) : undefined
  return `'${ESCAPED[byte] ?? plain ?? `\\x${byte.toString(16).padStart(2, '0')}`}'`
}

const LAST_RESTRICTION = 3n

/** What is restricted; of what has no name, the operation too. */
const restriction = (opcode: bigint, operation: bigint, options: TextOptions): string =>
  setText('=uring_restriction', opcode, options) +
  (opcode > LAST_RESTRICTION ? ` /* op: ${hex(operation)} */` : '')

/** PIT_TICK_RATE of the kernel. */
const TICKS_PER_SECOND = 1193182n

const frequency = (divisor: bigint): bigint =>
  divisor === 0n ? 0n : BigInt.asUintN(32, TICKS_PER_SECOND / divisor)

const comment = (text: string, { options }: Context): string =>
  options.spelling === 'raw' ? '' : ` /* ${text} */`

function hertz(divisor: bigint, context: Context): string {
  const rate = frequency(divisor)
  return comment(rate === 0n ? 'off' : `${rate} Hz`, context)
}

/** KDMKTONE: milliseconds above, a divisor below. */
function toneText(value: bigint, context: Context): string {
  const [ticks, divisor] = [value >> 16n, value & 0xffffn]
  const rate = ticks === 0n ? 0n : frequency(divisor)
  const shown = ticks === 0n ? String(divisor) : `${ticks}<<16|${divisor}`
  return shown + comment(rate === 0n ? 'off' : `${rate} Hz, ${ticks} ms`, context)
}
