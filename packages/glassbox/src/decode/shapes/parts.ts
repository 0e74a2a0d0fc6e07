/** Parts of structs that need more than a shape. */
import type { Context } from '../context.ts'
import type { KindText } from '../basic/structs.ts'
import { bytesOf } from '../memory.ts'
import { interfaceText, ipv4Address, ipv6Member } from '../network/order.ts'
import { timeComment } from '../files/files.ts'
import { named, setText } from '../names.ts'
import { hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

type PartText = (view: DataView, offset: number, context: Context, valueText: KindText) => string

const AF_INET = 2
const AF_INET6 = 10
const AF_SMC = 43

/** An address of sixteen bytes, by the family that the whole struct begins with. */
function inetAddress(name: string, view: DataView, offset: number, { options }: Context): string {
  const family = view.getUint8(0)
  const bytes = quote(bytesOf(view, offset, 16), false, 'all')
  if (family !== AF_INET6)
    return `${name}=${family === AF_INET || family === AF_SMC ? named(bytes, call4(view, offset, options), options) : bytes}`
  return ipv6Member(name, bytesOf(view, offset, 16), options)
}

const call4 = (view: DataView, offset: number, options: TextOptions): string =>
  ipv4Address(bytesOf(view, offset, 4), { ...options, spelling: 'abbrev' })

const portText = (name: string, view: DataView, offset: number, options: TextOptions): string =>
  `${name}=${named(quote(bytesOf(view, offset, 2), false, 'all'), `htons(${view.getUint16(offset)})`, options)}`

/** An address of four bytes. */
const inet4: PartText = (view, offset, { options }) => ipv4Address(bytesOf(view, offset, 4), options)

/** struct inet_diag_sockid */
const socketId: PartText = (view, offset, context) => {
  const { options } = context
  const index = view.getUint32(offset + 36, true)
  const parts = [
    portText('idiag_sport', view, offset, options),
    portText('idiag_dport', view, offset + 2, options),
    inetAddress('idiag_src', view, offset + 4, context),
    inetAddress('idiag_dst', view, offset + 20, context),
    `idiag_if=${index === 0 ? '0' : interfaceText(index, options)}`,
    `idiag_cookie=[${view.getUint32(offset + 40, true)}, ${view.getUint32(offset + 44, true)}]`,
  ]
  return `{${parts.join(', ')}}`
}

const GPIO_ATTRIBUTE_BYTES = 16

/** What an attribute of a line is: flags, values, a period; nothing if it has no such number. */
function gpioValue(view: DataView, offset: number, { options }: Context): string | undefined {
  if (view.getUint32(offset + 4, true) !== 0) return undefined
  const value = view.getBigUint64(offset + 8, true)
  switch (view.getUint32(offset, true)) {
    case 1:
      return `flags=${setText('|gpio_v2_line', value, options)}`
    case 2:
      return `values=${hex(value)}`
    case 3:
      return `debounce_period_us=${view.getUint32(offset + 8, true)}`
    default:
      return undefined
  }
}

function gpioRaw(view: DataView, offset: number): string {
  const padding = view.getUint32(offset + 4, true)
  const parts = [
    `id=${view.getUint32(offset, true)}`,
    ...(padding === 0 ? [] : [`padding=${hex(padding)}`]),
    `data=${hex(view.getBigUint64(offset + 8, true))}`,
  ]
  return parts.join(', ')
}

/** struct gpio_v2_line_attribute */
const gpioAttribute: PartText = (view, offset, context) =>
  `{${gpioValue(view, offset, context) ?? gpioRaw(view, offset)}}`

/** struct gpio_v2_line_config_attribute: the same, and the lines that have it. */
const gpioConfiguration: PartText = (view, offset, context) => {
  const mask = hex(view.getBigUint64(offset + GPIO_ATTRIBUTE_BYTES, true))
  return `{${gpioValue(view, offset, context) ?? `attr={${gpioRaw(view, offset)}}`}, mask=${mask}}`
}

/** struct ptp_clock_time of a clock that tells the time of day, with the date. */
const clockTime: PartText = (view, offset, { options }) => {
  const [seconds, nanoseconds] = [view.getBigInt64(offset, true), view.getUint32(offset + 8, true)]
  const reserved = view.getUint32(offset + 12, true)
  const date = options.spelling === 'raw' ? '' : timeComment(seconds, BigInt(nanoseconds))
  return `{sec=${seconds}, nsec=${nanoseconds}${reserved === 0 ? '' : `, reserved=${hex(reserved)}`}}${date}`
}

/** struct btrfs_ioctl_timespec */
const btrfsTime: PartText = (view, offset) => {
  const [seconds, nanoseconds] = [view.getBigUint64(offset, true), view.getUint32(offset + 8, true)]
  return `{sec=${seconds}, nsec=${nanoseconds}}${timeComment(seconds, BigInt(nanoseconds))}`
}

/** struct v4l2_fract */
const fraction: PartText = (view, offset) =>
  `${view.getUint32(offset, true)}/${view.getUint32(offset + 4, true)}`

/** Two rows of twenty-four numbers of two bytes: the lines of both fields. */
const videoLines: PartText = (view, offset) => {
  const row = (at: number): string =>
    `[${Array.from({ length: 24 }, (_, index) => hex(view.getUint16(at + 2 * index, true))).join(', ')}]`
  return `[${row(offset)}, ${row(offset + 48)}]`
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
}
