/** Information about files: stat(2), statx(2), directory entries. */
import { argument, type Printer } from '../context.ts'
import { bytesOf, readView } from '../memory.ts'
import { deviceText, fileModeText, isDeviceMode } from '../basic/modes.ts'
import { setText } from '../names.ts'
import { address, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

/**
 * `1700000000 /* 2023-11-14T22:13:20.000000005+0000 *\/`: the comment, which is empty if both
 * parts are zero. `digits`: the number of digits of `fraction`, 9 for nanoseconds.
 */
export function timeComment(seconds: bigint, fraction: bigint, digits = 9): string {
  if (seconds === 0n && fraction === 0n) return ''
  if (fraction < 0n || fraction >= 10n ** BigInt(digits)) return ''
  const date = new Date(Number(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return ''
  const two = (number: number): string => String(number).padStart(2, '0')
  const offset = -date.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  const below = fraction === 0n ? '' : `.${String(fraction).padStart(digits, '0')}`
  return ` /* ${day}T${time}${below}${zone} */`
}

const STAT_BYTES = 144

/** struct stat of x86-64. */
export const stat: Printer = (value, { memory, options }) => {
  const view = readView(memory, value, STAT_BYTES)
  if (!view || options.addressesOnly) return address(value)
  const word = (at: number): bigint => view.getBigUint64(at, true)
  const int = (at: number): number => view.getUint32(at, true)
  const mode = BigInt(int(24))
  const last = isDeviceMode(mode) ? `st_rdev=${deviceText(word(40), options)}` : `st_size=${word(48)}`
  if (!options.full) return `{st_mode=${fileModeText(mode, options)}, ${last}, ...}`
  const times = ['atime', 'mtime', 'ctime'].map((name, index) => {
    const seconds = BigInt.asIntN(64, word(72 + index * 16))
    const nanoseconds = word(80 + index * 16)
    return `st_${name}=${seconds}${timeComment(seconds, nanoseconds)}, st_${name}_nsec=${nanoseconds}`
  })
  return `{st_dev=${deviceText(word(0), options)}, st_ino=${word(8)}, st_mode=${fileModeText(mode, options)}, st_nlink=${word(16)}, st_uid=${int(28)}, st_gid=${int(32)}, st_blksize=${word(56)}, st_blocks=${word(64)}, ${last}, ${times.join(', ')}}`
}

const STATX_BYTES = 256
/** In the order of the struct, with the bit that says whether the kernel filled the member. */
const STATX_TIMES = [
  ['atime', 0x20],
  ['btime', 0x800],
  ['ctime', 0x80],
  ['mtime', 0x40],
] as const

export const statx: Printer = (value, { memory, options }) => {
  const view = readView(memory, value, STATX_BYTES)
  if (!view || options.addressesOnly) return address(value)
  const word = (at: number): bigint => view.getBigUint64(at, true)
  const int = (at: number): number => view.getUint32(at, true)
  const mode = BigInt(view.getUint16(28, true))
  const mask = setText('|statx', BigInt(int(0)), options)
  const attributes = setText('|statx_attr', word(8), options)
  const size = `stx_size=${word(40)}`
  if (!options.full)
    return `{stx_mask=${mask}, stx_attributes=${attributes}, stx_mode=${fileModeText(mode, options)}, ${size}, ...}`
  const times = STATX_TIMES.flatMap(([name, bit], index) => {
    if ((int(0) & bit) === 0) return []
    const seconds = BigInt.asIntN(64, word(64 + index * 16))
    const nanoseconds = BigInt(int(72 + index * 16))
    return [`stx_${name}={tv_sec=${seconds}, tv_nsec=${nanoseconds}}${timeComment(seconds, nanoseconds)}`]
  })
  return `{stx_mask=${mask}, stx_blksize=${int(4)}, stx_attributes=${attributes}, stx_nlink=${int(16)}, stx_uid=${int(20)}, stx_gid=${int(24)}, stx_mode=${fileModeText(mode, options)}, stx_ino=${word(32)}, ${size}, stx_blocks=${word(48)}, stx_attributes_mask=${setText('|statx_attr', word(56), options)}, ${times.join(', ')}, stx_rdev_major=${int(128)}, stx_rdev_minor=${int(132)}, stx_dev_major=${int(136)}, stx_dev_minor=${int(140)}, stx_mnt_id=${hex(word(144))}}`
}

const TYPES: Readonly<Record<number, string>> = {
  0: 'DT_UNKNOWN',
  1: 'DT_FIFO',
  2: 'DT_CHR',
  4: 'DT_DIR',
  6: 'DT_BLK',
  8: 'DT_REG',
  10: 'DT_LNK',
  12: 'DT_SOCK',
  14: 'DT_WHT',
}

/** Where the members of an entry are, and in which order strace shows them. */
interface EntryLayout {
  readonly nameAt: number
  readonly typeAt: (start: number, size: number) => number
  readonly isTypeLast: boolean
}

const LAYOUTS: Readonly<Record<string, EntryLayout>> = {
  /** struct linux_dirent: the type is in the last byte. */
  old: { nameAt: 18, typeAt: (start, size) => start + size - 1, isTypeLast: true },
  /** struct linux_dirent64. */
  '': { nameAt: 19, typeAt: start => start + 18, isTypeLast: false },
}

function entryText(
  view: DataView,
  at: number,
  layout: EntryLayout,
  options: TextOptions,
): string | undefined {
  const { nameAt, typeAt, isTypeLast } = layout
  const size = view.getUint16(at + 16, true)
  if (size <= nameAt || at + size > view.byteLength) return undefined
  const name = bytesOf(view, at + nameAt, size - nameAt - (isTypeLast ? 1 : 0))
  const end = name.indexOf(0)
  const quoted = `d_name=${quote(end < 0 ? name : name.subarray(0, end), end < 0, options.stringsInHex)}`
  const type = `d_type=${TYPES[view.getUint8(typeAt(at, size))] ?? 'DT_UNKNOWN'}`
  const head = `d_ino=${view.getBigUint64(at, true)}, d_off=${view.getBigInt64(at + 8, true)}, d_reclen=${size}`
  return `{${[head, ...(isTypeLast ? [quoted, type] : [type, quoted])].join(', ')}}`
}

/** Entries of getdents(2) (`old`) and getdents64(2): only their number, or all of them. */
export const directoryEntries =
  (operand: string): Printer =>
  (value, context) => {
    const { outcome, memory, options } = context
    const length = Number(outcome?.value ?? 0n)
    if (length === 0) return options.full ? '[]' : `${address(value)} /* 0 entries */`
    const view = readView(memory, value, length)
    const layout = LAYOUTS[operand]
    if (!view || !layout) return address(value)
    const entries: string[] = []
    for (let at = 0; at + layout.nameAt <= length; at += view.getUint16(at + 16, true)) {
      const text = entryText(view, at, layout, options)
      if (text === undefined) break
      entries.push(text)
    }
    return options.full
      ? `[${entries.join(', ')}]`
      : `${address(value)} /* ${entries.length} entr${entries.length === 1 ? 'y' : 'ies'} */`
  }

/** The descriptors of pipe(2) and socketpair(2). */
export const descriptors: Printer = (value, context) => {
  const view = readView(context.memory, value, 8)
  if (!view) return address(value)
  const one = (at: number): string => {
    const fd = view.getInt32(at, true)
    return `${fd}${context.options.descriptor?.(fd) ?? ''}`
  }
  return `[${one(0)}, ${one(4)}]`
}

/** A set of processors, with as many bytes as the kernel wrote or the caller passes. */
export const processors =
  (operand: string): Printer =>
  (value, context) => {
    const { outcome, memory } = context
    const said = Number(BigInt.asUintN(32, argument(context, Number(operand))))
    // The kernel has written this many bytes, and never uses more than it needs for its
    // processors.
    const length = outcome ? Number(outcome.value) : said
    if (length === 0) return '[]'
    const bytes = memory.read(value, length)
    if (bytes.length < length) return address(value)
    const set = Array.from({ length: length * 8 }, (_, bit) => bit).filter(
      bit => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1,
    )
    return `[${set.join(' ')}]`
  }
