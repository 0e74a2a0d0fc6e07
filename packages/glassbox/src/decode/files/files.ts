/** Information about files: stat(2), statx(2), directory entries. */
import { arrayText } from '../basic/arrays.ts'
import { argument, type Printer } from '../context.ts'
import { inPlace, readStruct, struct } from '../../codec/struct.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import * as linux from '../../linux/constants.ts'
import { offsetOf, type StructValues, type Word } from '../../linux/schema/layouts.ts'
import { readView } from '../memory.ts'
import { deviceText, fileModeText, isDeviceMode } from '../basic/modes.ts'
import { named, nameIn, setText } from '../names.ts'
import { address, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

const [DAY, YEAR_BLOCK, LAST_YEAR] = [86400n, 400n, 2n ** 31n + 1899n]
const BLOCK_SECONDS = 146097n * DAY

/** As above, of a year that Date does not know: the calendar repeats every 400 years. */
function distantComment(seconds: bigint, fraction: bigint, digits: number): string {
  const blocks = seconds / BLOCK_SECONDS
  const near = timeComment(seconds - blocks * BLOCK_SECONDS, fraction, digits)
  const [, year = '1970'] = /^ \/\* (\d+)/.exec(near) ?? []
  const whole = BigInt(year) + blocks * YEAR_BLOCK
  // The year must fit into an int of the C library.
  if (whole > LAST_YEAR || whole < -LAST_YEAR) return ''
  return near.replace(/\d+/, String(whole))
}

/**
 * `1700000000 /* 2023-11-14T22:13:20.000000005+0000 *\/`: the comment, which is empty if both
 * parts are zero. `digits`: the number of digits of `fraction`, 9 for nanoseconds.
 */
export function timeComment(seconds: bigint, fraction: bigint, digits = 9): string {
  if (seconds === 0n && fraction === 0n) return ''
  if (fraction < 0n || fraction >= 10n ** BigInt(digits)) return ''
  const date = new Date(Number(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return distantComment(seconds, fraction, digits)
  const two = (number: number): string => String(number).padStart(2, '0')
  const offset = -date.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  const below = fraction === 0n ? '' : `.${String(fraction).padStart(digits, '0')}`
  return ` /* ${day}T${time}${below}${zone} */`
}

const word = (value: Word): bigint => BigInt(value)
/** The time of a stat: its seconds with the date, and its nanoseconds. */
const statTime = (name: string, seconds: Word, nanoseconds: Word): string =>
  `st_${name}=${seconds}${timeComment(word(seconds), word(nanoseconds))}, st_${name}_nsec=${nanoseconds}`

const oldTime = (name: string, seconds: Word): string =>
  `st_${name}=${seconds}${timeComment(word(seconds), 0n)}`

/** What the struct of the oldest stat(2) does not have. */
const NOT_IN_OLD = { st_blksize: 0, st_blocks: 0, st_atime_nsec: 0, st_mtime_nsec: 0, st_ctime_nsec: 0 }

/** struct stat, and those of calls that only i386 has. */
export const stat =
  (name: 'stat' | 'stat64' | 'oldstat'): Printer =>
  (value, { memory, options }) => {
    const read = options.addressesOnly ? undefined : readStruct(memory, value, name)
    if (!read) return address(value)
    // A copy of a struct costs more than its text.
    const st = 'st_blksize' in read ? read : { ...NOT_IN_OLD, ...read }
    const mode = BigInt(st.st_mode)
    const last = isDeviceMode(mode)
      ? `st_rdev=${deviceText(word(st.st_rdev), options)}`
      : `st_size=${st.st_size}`
    if (!options.full) return `{st_mode=${fileModeText(mode, options)}, ${last}, ...}`
    const parts = [
      `st_dev=${deviceText(word(st.st_dev), options)}`,
      `st_ino=${st.st_ino}`,
      `st_mode=${fileModeText(mode, options)}`,
      `st_nlink=${st.st_nlink}`,
      `st_uid=${st.st_uid}`,
      `st_gid=${st.st_gid}`,
      `st_blksize=${st.st_blksize}`,
      `st_blocks=${st.st_blocks}`,
      last,
      ...(['atime', 'mtime', 'ctime'] as const).map(time =>
        name === 'oldstat'
          ? oldTime(time, st[`st_${time}`])
          : statTime(time, st[`st_${time}`], st[`st_${time}_nsec`]),
      ),
    ]
    return `{${parts.join(', ')}}`
  }

type Statx = StructValues['statx']

type TimeName = 'stx_atime' | 'stx_btime' | 'stx_ctime' | 'stx_mtime'

/** A member as a number or, in a few cases, in words. */
type MemberText = (stx: Statx, options: TextOptions) => string

const plainNumber =
  (name: Exclude<keyof Statx, TimeName>): MemberText =>
  stx =>
    String(stx[name])

const statxTime =
  (name: TimeName): MemberText =>
  stx => {
    const { tv_sec: seconds, tv_nsec: nanoseconds } = stx[name]
    const comment = timeComment(word(seconds), word(nanoseconds))
    return `{tv_sec=${seconds}, tv_nsec=${nanoseconds}}${comment}`
  }

/** Whether the kernel always fills the member. */
const ALWAYS = -1

/** In strace's order: the bits that say whether the kernel filled the member, and its text. */
const STATX_MEMBERS: readonly (readonly [name: keyof Statx, bits: number, text: MemberText])[] = [
  ['stx_mask', ALWAYS, (stx, options) => setText('|statx', word(stx.stx_mask), options)],
  ['stx_blksize', ALWAYS, plainNumber('stx_blksize')],
  ['stx_attributes', ALWAYS, (stx, options) => setText('|statx_attr', word(stx.stx_attributes), options)],
  ['stx_nlink', linux.STATX_NLINK, plainNumber('stx_nlink')],
  ['stx_uid', linux.STATX_UID, plainNumber('stx_uid')],
  ['stx_gid', linux.STATX_GID, plainNumber('stx_gid')],
  [
    'stx_mode',
    linux.STATX_TYPE | linux.STATX_MODE,
    (stx, options) => fileModeText(BigInt(stx.stx_mode), options),
  ],
  ['stx_ino', linux.STATX_INO, plainNumber('stx_ino')],
  ['stx_size', linux.STATX_SIZE, plainNumber('stx_size')],
  ['stx_blocks', linux.STATX_BLOCKS, plainNumber('stx_blocks')],
  [
    'stx_attributes_mask',
    ALWAYS,
    (stx, options) => setText('|statx_attr', word(stx.stx_attributes_mask), options),
  ],
  ['stx_atime', linux.STATX_ATIME, statxTime('stx_atime')],
  ['stx_btime', linux.STATX_BTIME, statxTime('stx_btime')],
  ['stx_ctime', linux.STATX_CTIME, statxTime('stx_ctime')],
  ['stx_mtime', linux.STATX_MTIME, statxTime('stx_mtime')],
  ['stx_rdev_major', ALWAYS, plainNumber('stx_rdev_major')],
  ['stx_rdev_minor', ALWAYS, plainNumber('stx_rdev_minor')],
  ['stx_dev_major', ALWAYS, plainNumber('stx_dev_major')],
  ['stx_dev_minor', ALWAYS, plainNumber('stx_dev_minor')],
  ['stx_mnt_id', linux.STATX_MNT_ID | linux.STATX_MNT_ID_UNIQUE, stx => hex(stx.stx_mnt_id)],
  ['stx_dio_mem_align', linux.STATX_DIOALIGN, plainNumber('stx_dio_mem_align')],
  ['stx_dio_offset_align', linux.STATX_DIOALIGN, plainNumber('stx_dio_offset_align')],
  ['stx_subvol', linux.STATX_SUBVOL, plainNumber('stx_subvol')],
  ['stx_atomic_write_unit_min', linux.STATX_WRITE_ATOMIC, plainNumber('stx_atomic_write_unit_min')],
  ['stx_atomic_write_unit_max', linux.STATX_WRITE_ATOMIC, plainNumber('stx_atomic_write_unit_max')],
  ['stx_atomic_write_segments_max', linux.STATX_WRITE_ATOMIC, plainNumber('stx_atomic_write_segments_max')],
  ['stx_dio_read_offset_align', linux.STATX_DIO_READ_ALIGN, plainNumber('stx_dio_read_offset_align')],
  ['stx_atomic_write_unit_max_opt', linux.STATX_WRITE_ATOMIC, plainNumber('stx_atomic_write_unit_max_opt')],
]

/** What is shown without -v. */
const STATX_BRIEF: ReadonlySet<keyof Statx> = new Set(['stx_mask', 'stx_attributes', 'stx_mode', 'stx_size'])

export const statx: Printer = (value, { memory, options }) => {
  const codec = struct('statx')
  const view = readView(memory, value, codec.size)
  if (!view || options.addressesOnly) return address(value)
  const stx = codec.read(view)
  const parts = STATX_MEMBERS.flatMap(([name, bits, text]) => {
    if (bits !== ALWAYS && (stx.stx_mask & bits) === 0) return []
    return options.full || STATX_BRIEF.has(name) ? [`${name}=${text(stx, options)}`] : []
  })
  return `{${parts.join(', ')}${options.full ? '' : ', ...'}}`
}

/** getdents(2): the type of an entry is in its last byte. getdents64(2): it has a field. */
const ENTRIES: Readonly<Record<string, 'linux_dirent' | 'linux_dirent64'>> = {
  old: 'linux_dirent',
  '': 'linux_dirent64',
}

const recordSize = (view: DataView, at: number, name: 'linux_dirent' | 'linux_dirent64'): number =>
  view.getUint16(at + offsetOf(name, 'd_reclen'), true)

function entryType(type: bigint, options: TextOptions): string {
  const name = nameIn('dirent_type', type)
  return name === undefined ? 'DT_UNKNOWN' : named(hex(type), name, options)
}

function entryText(
  view: DataView,
  at: number,
  name: 'linux_dirent' | 'linux_dirent64',
  options: TextOptions,
): string | undefined {
  const codec = struct(name)
  const size = recordSize(view, at, name)
  if (size <= codec.size || at + size > view.byteLength) return undefined
  const entry = codec.read(new DataView(view.buffer, view.byteOffset + at, size))
  const isOld = name === 'linux_dirent'
  const bytes = isOld ? entry.d_name.subarray(0, -1) : entry.d_name
  const end = bytes.indexOf(0)
  const quoted = `d_name=${quote(end < 0 ? bytes : bytes.subarray(0, end), end < 0, options.stringsInHex)}`
  const number = 'd_type' in entry ? entry.d_type : entry.d_name.at(-1)
  const type = `d_type=${entryType(BigInt(number ?? 0), options)}`
  const head = `d_ino=${entry.d_ino}, d_off=${entry.d_off}, d_reclen=${size}`
  return `{${[head, ...(isOld ? [quoted, type] : [type, quoted])].join(', ')}}`
}

/** Entries of getdents(2) (`old`) and getdents64(2): only their number, or all of them. */
export const directoryEntries =
  (operand: string): Printer =>
  (value, context) => {
    const { outcome, memory, options } = context
    if (outcome?.failed !== false) return address(value)
    const length = Number(outcome.value)
    if (length === 0) return options.full ? '[]' : `${address(value)} /* 0 entries */`
    const name = ENTRIES[operand]
    if (!name || BigInt(length) > argument(context, 2)) return address(value)
    const view = readView(memory, value, length)
    if (!view) return options.full ? address(value) : `${address(value)} /* 0+ entries */`
    const entries: string[] = []
    for (let at = 0; at + struct(name).size <= length; at += recordSize(view, at, name)) {
      const text = entryText(view, at, name, options)
      if (text === undefined) break
      entries.push(text)
    }
    return options.full
      ? `[${entries.join(', ')}]`
      : `${address(value)} /* ${entries.length} entr${entries.length === 1 ? 'y' : 'ies'} */`
  }

/** The descriptors of pipe(2) and socketpair(2). */
export const descriptors: Printer = (value, context) => {
  const { size, read } = inPlace(kinds().fd)
  return arrayText(value, 2, size, context, at => {
    const view = readView(context.memory, at, size)
    if (!view) return undefined
    const fd = Number(read(view, 0))
    return `${fd}${context.options.descriptor?.(fd) ?? ''}`
  })
}

/** cpu_set_t, of which strace reads no more where the kernel has no more processors. */
const MOST_SET_BYTES = 128

/** A set of processors, with as many bytes as the kernel wrote or the caller passes. */
export const processors =
  (operand: string): Printer =>
  (value, context) => {
    const { outcome, memory } = context
    const said = Number(argument(context, Number(operand)))
    // The kernel has written this many bytes, and never uses more than it needs for its
    // processors.
    const all = outcome ? Number(outcome.value) : said
    const length = Math.min(all, MOST_SET_BYTES)
    if (length === 0) return '[]'
    const bytes = memory.read(value, length)
    if (bytes.length < length) return address(value)
    const set = Array.from({ length: length * 8 }, (_, bit) => bit).filter(
      bit => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1,
    )
    return `[${[...set, ...(all > length ? ['...'] : [])].join(' ')}]`
  }
