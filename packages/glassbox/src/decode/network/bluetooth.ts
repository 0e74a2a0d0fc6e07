/**
 * Addresses of Bluetooth sockets: their length tells which protocol they belong to. Source: the
 * kernel's include/net/bluetooth. Pure.
 */
import { struct } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import { nameIn, setText } from '../names.ts'
import { hex } from '../text.ts'
import type { TextOptions } from '../types.ts'
import { family, type FamilyText, members } from './internet.ts'
import { hardwareAddress } from './order.ts'

/** Numbers that programs are given as they need them: counted from the first of their range. */
interface Range {
  readonly name: string
  readonly first: number
  readonly last: number
}

const MOST = 0xffff
const PORTS: readonly Range[] = [
  {
    name: 'L2CAP_PSM_LE_DYN_START',
    first: linux.L2CAP_PSM_LE_DYN_START,
    last: linux.L2CAP_PSM_LE_DYN_END,
  },
  { name: 'L2CAP_PSM_DYN_START', first: linux.L2CAP_PSM_DYN_START, last: MOST },
]
const CHANNELS: readonly Range[] = [
  { name: 'L2CAP_CID_DYN_START', first: linux.L2CAP_CID_DYN_START, last: MOST },
]

/** `htobs(L2CAP_PSM_SDP)`, `htobs(L2CAP_PSM_DYN_START+1)`: strace's form of -X is within. */
function rangeText(
  value: number,
  set: string,
  ranges: readonly Range[],
  unknown: string,
  { spelling = 'abbrev' }: TextOptions,
): string {
  if (spelling === 'raw') return `htobs(${hex(value)})`
  const range = ranges.find(({ first, last }) => value >= first && value <= last)
  const first = range && setText(`=${set}`, BigInt(range.first), { spelling })
  const name = nameIn(set, BigInt(value)) ?? (range && `${first}+${value - range.first}`)
  if (name === undefined) return `htobs(${hex(value)} /* ${unknown} */)`
  return spelling === 'verbose' ? `htobs(${hex(value)} /* ${name} */)` : `htobs(${name})`
}

const controller = family(
  'sockaddr_hci',
  ({ hci_dev: device, hci_channel: channel }, options, view) =>
    members(
      `hci_dev=htobs(${device})`,
      view.byteLength < struct('sockaddr_hci').size
        ? undefined
        : `hci_channel=${setText('=hci_channel', BigInt(channel), options)}`,
    ),
  () => 0,
)

const voice = family('sockaddr_sco', ({ sco_bdaddr: device }, options) =>
  members(`sco_bdaddr=${hardwareAddress(device, options)}`),
)

const serial = family('sockaddr_rc', ({ rc_bdaddr: device, rc_channel: channel }, options) =>
  members(`rc_bdaddr=${hardwareAddress(device, options)}`, `rc_channel=${channel}`),
)

const logicalLink = family(
  'sockaddr_l2',
  (fields, options, view) =>
    members(
      `l2_psm=${rangeText(fields.l2_psm, 'l2cap_psm', PORTS, 'L2CAP_PSM_???', options)}`,
      `l2_bdaddr=${hardwareAddress(fields.l2_bdaddr, options)}`,
      `l2_cid=${rangeText(fields.l2_cid, 'l2cap_cid', CHANNELS, 'L2CAP_CID_???', options)}`,
      view.byteLength < struct('sockaddr_l2').size
        ? undefined
        : `l2_bdaddr_type=${setText('=bt_address', BigInt(fields.l2_bdaddr_type), options)}`,
    ),
  () => 0,
)

/** By length; the channel of a controller and the type of a link's address are younger. */
const BY_LENGTH: readonly (readonly [length: () => number, text: FamilyText])[] = [
  [() => offsetOf('sockaddr_hci', 'hci_channel'), controller],
  [() => struct('sockaddr_hci').size, controller],
  [() => struct('sockaddr_sco').size, voice],
  [() => struct('sockaddr_rc').size, serial],
  [() => offsetOf('sockaddr_l2', 'l2_bdaddr_type'), logicalLink],
  [() => struct('sockaddr_l2').size, logicalLink],
]

export const bluetoothText: FamilyText = (view, options) =>
  BY_LENGTH.find(([length]) => length() === view.byteLength)?.[1](view, options)
