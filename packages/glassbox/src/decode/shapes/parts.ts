/** Parts of structs that need more than a shape. */
import { sizeOf, struct, unsigned } from '../../codec/struct.ts'
import { AF_INET, AF_INET6, AF_SMC } from '../../linux/constants.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import type { StructName, StructValues } from '../../linux/schema/layouts.ts'
import type { Context, KindText } from '../context.ts'
import { bytesOf } from '../memory.ts'
import { interfaceText, ipv4Address, ipv6Member, networkNumber } from '../network/order.ts'
import { timeComment } from '../files/files.ts'
import { named, setText } from '../names.ts'
import { hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

type PartText = (view: DataView, offset: number, context: Context, valueText: KindText) => string

/** The fields of a struct that begins at an offset. */
const fieldsAt = <Name extends StructName>(name: Name, view: DataView, offset: number): StructValues[Name] =>
  struct(name).read(view, offset)

/** Families of which four bytes of an address are used. */
const SHORT: ReadonlySet<number> = new Set([AF_INET, AF_SMC])

/** An address of sixteen bytes, of a family. */
function inetAddress(name: string, address: readonly number[], family: number, options: TextOptions): string {
  const bytes = Uint8Array.from(address)
  if (family === AF_INET6) return ipv6Member(name, bytes, options)
  const all = quote(bytes, false, 'all')
  const call = (): string => ipv4Address(bytes.subarray(0, 4), { ...options, spelling: 'abbrev' })
  return `${name}=${SHORT.has(family) ? named(all, call(), options) : all}`
}

/** An address of four bytes. */
const inet4: PartText = (view, offset, { options }) =>
  ipv4Address(bytesOf(view, offset, sizeOf(kinds().uint)), options)

/** struct inet_diag_sockid. The whole struct begins with the family. */
const socketId: PartText = (view, offset, { options }) => {
  const { rtgen_family: family } = fieldsAt('rtgenmsg', view, 0)
  const id = fieldsAt('inet_diag_sockid', view, offset)
  const parts = [
    `idiag_sport=${networkNumber(id.idiag_sport, 2, options)}`,
    `idiag_dport=${networkNumber(id.idiag_dport, 2, options)}`,
    inetAddress('idiag_src', id.idiag_src, family, options),
    inetAddress('idiag_dst', id.idiag_dst, family, options),
    `idiag_if=${id.idiag_if === 0 ? '0' : interfaceText(id.idiag_if, options)}`,
    `idiag_cookie=[${id.idiag_cookie.join(', ')}]`,
  ]
  return `{${parts.join(', ')}}`
}

type GpioAttribute = StructValues['gpio_v2_line_attribute']

/** What an attribute of a line is: flags, values, a period; nothing if it has no such number. */
function gpioValue({ id, padding, data }: GpioAttribute, { options }: Context): string | undefined {
  if (padding !== 0) return undefined
  switch (id) {
    case 1:
      return `flags=${setText('|gpio_v2_line', unsigned(data), options)}`
    case 2:
      return `values=${hex(data)}`
    case 3:
      return `debounce_period_us=${BigInt.asUintN(32, unsigned(data))}`
    default:
      return undefined
  }
}

const gpioRaw = ({ id, padding, data }: GpioAttribute): string =>
  [`id=${id}`, ...(padding === 0 ? [] : [`padding=${hex(padding)}`]), `data=${hex(data)}`].join(', ')

/** struct gpio_v2_line_attribute */
const gpioAttribute: PartText = (view, offset, context) => {
  const attribute = fieldsAt('gpio_v2_line_attribute', view, offset)
  return `{${gpioValue(attribute, context) ?? gpioRaw(attribute)}}`
}

/** struct gpio_v2_line_config_attribute: the same, and the lines that have it. */
const gpioConfiguration: PartText = (view, offset, context) => {
  const { attr, mask } = fieldsAt('gpio_v2_line_config_attribute', view, offset)
  return `{${gpioValue(attr, context) ?? `attr={${gpioRaw(attr)}}`}, mask=${hex(mask)}}`
}

/** struct ptp_clock_time of a clock that tells the time of day, with the date. */
const clockTime: PartText = (view, offset, { options }) => {
  const { sec, nsec, reserved } = fieldsAt('ptp_clock_time', view, offset)
  const date = options.spelling === 'raw' ? '' : timeComment(BigInt(sec), BigInt(nsec))
  return `{sec=${sec}, nsec=${nsec}${reserved === 0 ? '' : `, reserved=${hex(reserved)}`}}${date}`
}

/** struct btrfs_ioctl_timespec */
const btrfsTime: PartText = (view, offset) => {
  const { sec, nsec } = fieldsAt('btrfs_timespec', view, offset)
  return `{sec=${sec}, nsec=${nsec}}${timeComment(BigInt(sec), BigInt(nsec))}`
}

/** struct v4l2_fract */
const fraction: PartText = (view, offset) => {
  const { numerator, denominator } = fieldsAt('v4l2_fract', view, offset)
  return `${numerator}/${denominator}`
}

/** The lines of both fields, one row each. */
const videoLines: PartText = (view, offset) => {
  const { lines } = fieldsAt('v4l2_service_lines', view, offset)
  const half = lines.length / 2
  const row = (each: readonly number[]): string => `[${each.map(line => hex(line)).join(', ')}]`
  return `[${row(lines.slice(0, half))}, ${row(lines.slice(half))}]`
}

/** IORING_REGISTER_FILES_SKIP */
const SKIPPED = -2

/** A descriptor, or that the file of this place stays. */
const descriptorOrSkip: PartText = (view, offset, context, valueText) => {
  const fd = view.getInt32(offset, true)
  return fd === SKIPPED
    ? named(String(fd), 'IORING_REGISTER_FILES_SKIP', context.options)
    : valueText('fd', BigInt.asUintN(32, BigInt(fd)), context)
}

export const PARTS: Readonly<Record<string, PartText>> = {
  inet4,
  sockid: socketId,
  gpioattr: gpioAttribute,
  gpioconfig: gpioConfiguration,
  ptprtc: clockTime,
  btrfstime: btrfsTime,
  fraction,
  v4l2lines: videoLines,
  fdorskip: descriptorOrSkip,
}
