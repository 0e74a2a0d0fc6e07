/**
 * SG_IO of SCSI devices: a command, and the data that go to the device or come from it. The first
 * number says which of two structs it is. Sources: scsi/sg.h, linux/bsg.h.
 */
import { vectors } from '../basic/strings.ts'
import type { Context, KindText } from '../context.ts'
import { readWord } from '../memory.ts'
import { type Members, membersAt } from '../shapes/members.ts'
import { hexBytes } from '../shapes/shapes.ts'
import { address } from '../text.ts'
import { braces, type Device } from './device.ts'

/** `cmdp="\x12\x00"`: bytes behind a pointer. */
const bytesOf = (members: Members, field: string, length: bigint, context: Context): string => {
  const at = members.number(field)
  return `${field}=${at === 0n ? 'NULL' : hexBytes(String(length))(at, context)}`
}

interface Transfer {
  readonly pointer: string
  readonly count: string
  readonly length: string
  /** How many bytes were left over, of those that came from the device. */
  readonly left?: string
}

/** Data as bytes or, if there are such, in the buffers of an array of iovec. */
function data(members: Members, { pointer, count, length, left }: Transfer, context: Context): string {
  const all = members.number(length)
  const rest = left === undefined ? 0n : BigInt.asIntN(32, members.number(left))
  const moved = rest > 0n && rest <= all ? all - rest : all
  const buffers = members.number(count)
  const at = members.number(pointer)
  if (buffers === 0n || at === 0n) return bytesOf(members, pointer, moved, context)
  return `${pointer}=${vectors(at, buffers, Number(moved), context)}`
}

const TO_DEVICE = -2n
const FROM_DEVICE = -3n
const BOTH = -4n

function command(members: Members, context: Context): string {
  const direction = BigInt.asIntN(32, members.number('dxfer_direction'))
  const sent: Transfer = { pointer: 'dxferp', count: 'iovec_count', length: 'dxfer_len' }
  const received: Transfer = { ...sent, left: 'resid' }
  const toDevice = direction === TO_DEVICE || direction === BOTH ? [data(members, sent, context)] : []
  const fromDevice = direction === FROM_DEVICE || direction === BOTH ? [data(members, received, context)] : []
  const before = [
    "interface_id='S'",
    ...members.texts('dxfer_direction', 'cmd_len'),
    bytesOf(members, 'cmdp', members.number('cmd_len'), context),
    ...members.texts('mx_sb_len', 'iovec_count', 'dxfer_len', 'timeout', 'flags'),
  ]
  const moved = [...toDevice, ...fromDevice].join(' => ')
  return braces([
    ...before,
    ...(moved === '' ? [] : [moved]),
    ...members.texts('status', 'masked_status', 'msg_status', 'sb_len_wr'),
    bytesOf(members, 'sbp', members.number('sb_len_wr'), context),
    ...members.texts('host_status', 'driver_status', 'resid', 'duration', 'info'),
  ])
}

const newCommand = (members: Members, context: Context): string =>
  braces([
    "guard='Q'",
    ...members.texts('protocol', 'subprotocol', 'request_len'),
    bytesOf(members, 'request', members.number('request_len'), context),
    ...members.texts('request_tag', 'request_attr', 'request_priority', 'request_extra', 'max_response_len'),
    ...members.texts('dout_iovec_count', 'dout_xfer_len', 'din_iovec_count', 'din_xfer_len'),
    data(members, { pointer: 'dout_xferp', count: 'dout_iovec_count', length: 'dout_xfer_len' }, context),
    ...members.texts('timeout', 'flags', 'usr_ptr', 'response_len'),
    bytesOf(members, 'response', members.number('response_len'), context),
    data(
      members,
      { pointer: 'din_xferp', count: 'din_iovec_count', length: 'din_xfer_len', left: 'din_resid' },
      context,
    ),
    ...members.texts('driver_status', 'transport_status', 'device_status', 'retry_delay', 'info'),
    ...members.texts('duration', 'response_len', 'din_resid', 'dout_resid', 'generated_tag'),
  ])

interface Version {
  readonly head: string
  readonly shape: string
  readonly text: (members: Members, context: Context) => string
}

/** By their first numbers. */
const VERSIONS: Readonly<Record<string, Version>> = {
  S: { head: "interface_id='S'", shape: 'sg_io_hdr', text: command },
  Q: { head: "guard='Q'", shape: 'sg_io_v4', text: newCommand },
}

function scsiCommand(value: bigint, context: Context, valueText: KindText): string {
  const first = readWord(context.memory, value, 4)
  if (first === undefined) return address(value)
  const version = first < 128n ? VERSIONS[String.fromCharCode(Number(first))] : undefined
  if (!version) return `[${first}]`
  const members = membersAt(version.shape, value, context, valueText)
  return members ? version.text(members, context) : `{${version.head}, ${address(value + 4n)}}`
}

const device: Device = scsiCommand

export const SCSI: Readonly<Record<string, Device>> = { sg_io: device }
