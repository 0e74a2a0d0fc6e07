/** Modes of files and numbers of devices. Pure. */
import { named } from '../names.ts'
import { hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

const TYPE_BITS = 0o170000
const TYPES: Readonly<Record<number, string>> = {
  0o140000: 'S_IFSOCK',
  0o120000: 'S_IFLNK',
  0o100000: 'S_IFREG',
  0o060000: 'S_IFBLK',
  0o040000: 'S_IFDIR',
  0o020000: 'S_IFCHR',
  0o010000: 'S_IFIFO',
}

const SPECIAL: readonly (readonly [number, string])[] = [
  [0o4000, 'S_ISUID'],
  [0o2000, 'S_ISGID'],
  [0o1000, 'S_ISVTX'],
]
const PERMISSIONS = 0o777n

/** The names of a mode's bits, and what they stand for. */
export const MODE_NAMES: Readonly<Record<string, number>> = Object.fromEntries([
  ...Object.entries(TYPES).map(([bits, name]) => [name, Number(bits)] as const),
  ...SPECIAL.map(([bit, name]) => [name, bit] as const),
])

/** A mode in octal, three digits at least. */
export function modeText(value: bigint): string {
  const digits = value.toString(8)
  return digits.length < 3 ? digits.padStart(3, '0') : `0${digits}`
}

/** The type of a file and the special bits by name, the rest in octal; all in octal where there is no such type. */
export function fileModeText(value: bigint, options: Pick<TextOptions, 'spelling'>): string {
  const bits = Number(value)
  const type = TYPES[bits & TYPE_BITS]
  if (type === undefined && (bits & TYPE_BITS) !== 0) return modeText(value)
  const special = SPECIAL.flatMap(([bit, name]) => (bits & bit ? [name] : []))
  const names = [...(type === undefined ? [] : [type]), ...special, modeText(value & PERMISSIONS)]
  return named(modeText(value), names.join('|'), options)
}

/** makedev(0xMAJOR, 0xMINOR) of a user-space dev_t. */
export function deviceText(value: bigint, options: Pick<TextOptions, 'spelling'>): string {
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & ~0xfffn & 0xffffffffn)
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n)
  return named(hex(value), `makedev(${hex(major)}, ${hex(minor)})`, options)
}
