/** Modes of files and numbers of devices. Pure. */
import * as linux from '../../linux/constants.ts'
import { named } from '../names.ts'
import { hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

const TYPES: Readonly<Record<number, string>> = {
  [linux.S_IFSOCK]: 'S_IFSOCK',
  [linux.S_IFLNK]: 'S_IFLNK',
  [linux.S_IFREG]: 'S_IFREG',
  [linux.S_IFBLK]: 'S_IFBLK',
  [linux.S_IFDIR]: 'S_IFDIR',
  [linux.S_IFCHR]: 'S_IFCHR',
  [linux.S_IFIFO]: 'S_IFIFO',
}

const SPECIAL: readonly (readonly [number, string])[] = [
  [linux.S_ISUID, 'S_ISUID'],
  [linux.S_ISGID, 'S_ISGID'],
  [linux.S_ISVTX, 'S_ISVTX'],
]
const NAMED_BITS = BigInt(linux.S_IFMT | linux.S_ISUID | linux.S_ISGID | linux.S_ISVTX)

/** The names of a mode's bits, with their values. */
export const MODE_NAMES: Readonly<Record<string, number>> = Object.fromEntries([
  ...Object.entries(TYPES).map(([bits, name]) => [name, Number(bits)] as const),
  ...SPECIAL.map(([bit, name]) => [name, bit] as const),
])

/** A mode in octal, with at least three digits. */
export function modeText(value: bigint): string {
  const digits = value.toString(8)
  return digits.length < 3 ? digits.padStart(3, '0') : `0${digits}`
}

/**
 * The file type and the special bits by name, the rest in octal. If there is no such type,
 * everything is in octal.
 */
export function fileModeText(value: bigint, options: Pick<TextOptions, 'spelling'>): string {
  const bits = Number(value)
  const type = TYPES[bits & linux.S_IFMT]
  if (type === undefined && (bits & linux.S_IFMT) !== 0) return modeText(value)
  const special = SPECIAL.flatMap(([bit, name]) => (bits & bit ? [name] : []))
  const names = [...(type === undefined ? [] : [type]), ...special, modeText(value & ~NAMED_BITS)]
  return named(modeText(value), names.join('|'), options)
}

/** makedev(0xMAJOR, 0xMINOR) of a user-space dev_t. */
export function deviceText(value: bigint, options: Pick<TextOptions, 'spelling'>): string {
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & ~0xfffn & 0xffffffffn)
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n)
  return named(hex(value), `makedev(${hex(major)}, ${hex(minor)})`, options)
}

/** Whether it is the mode of a character or block device. */
export function isDeviceMode(mode: bigint): boolean {
  const type = Number(mode) & linux.S_IFMT
  return type === linux.S_IFCHR || type === linux.S_IFBLK
}
