/**
 * Rings: struct io_uring_params, the caller's request and the kernel's answer, and what
 * io_uring_register(2) takes that a shape cannot say. Sources: io_uring_setup(2),
 * linux/io_uring.h.
 */
import { sizeOf } from '../../codec/struct.ts'
import { viewAt } from '../../codec/struct-view.ts'
import { IORING_SETUP_ATTACH_WQ } from '../../linux/constants.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { arrayText } from '../basic/arrays.ts'
import { argument, type Context, type Printer, type KindText } from '../context.ts'
import { braces, type Device, isAnswered } from '../devices/device.ts'
import { setText } from '../names.ts'
import { membersAt } from '../shapes/members.ts'
import { elementText } from '../shapes/rows.ts'
import { structsAt, structText } from '../shapes/struct-text.ts'
import { address } from '../text.ts'

const ANSWERS = new Set(['sq_entries', 'cq_entries', 'features', 'sq_off', 'cq_off'])

export const uringParameters =
  (valueText: KindText): Printer =>
  (value, context) => {
    const shape = shapeOf('io_uring_params')
    const struct = shape && viewAt(shape.layout, value, context)
    if (!shape || !struct) return address(value)
    // The descriptor is used only if this flag is set.
    const attaches = (struct.numberOf('flags') & BigInt(IORING_SETUP_ATTACH_WQ)) !== 0n
    const answered = context.outcome?.failed === false
    const fields = shape.fields.filter(
      ({ name }) => (name !== 'wq_fd' || attaches) && (answered || !ANSWERS.has(name)),
    )
    return structText(struct, shape, context, valueText, fields)
  }

/** More operations than there can be. */
const MOST_OPERATIONS = 256n

/** The numbers of an array, each with the name of its place. */
function workers(value: bigint, count: bigint, context: Context, valueText: KindText): string {
  const size = sizeOf(kinds().uint)
  return arrayText(value, count, size, context, (at, index) => {
    const number = elementText('u', size, at, context, valueText)
    const place = setText('=uring_workers', BigInt(index), context.options)
    return number && `[${place}]=${number}`
  })
}

/** Limits of workers: what they shall be, and what they were. */
const limits: Device = (value, context, valueText) => {
  const count = BigInt.asUintN(32, argument(context, 3))
  const first = workers(value, count, context, valueText)
  const isWhole = first.startsWith('[') && !first.endsWith(' */]')
  if (count === 0n || !isWhole) return first
  return `${first} => ${isAnswered(context) ? first : address(value)}`
}

/** The operations of a ring. What the caller wrote must be zero, and is shown if it is not. */
const probe: Device = (value, context, valueText) => {
  const room = BigInt.asUintN(32, argument(context, 3))
  const [head, each] = [shapeOf('uring_probe'), shapeOf('uring_probe_op')]
  const members = membersAt('uring_probe', value, context, valueText)
  if (room > MOST_OPERATIONS || !head || !each || !members) return address(value)
  const size = head.size + each.size * Number(room)
  const bytes = context.memory.read(value, size)
  if (bytes.length < size || (!isAnswered(context) && bytes.every(byte => byte === 0))) return address(value)
  const said = members.number('ops_len')
  const count = isAnswered(context) && said < room ? said : room
  const operations = structsAt('uring_probe_op', members.place('ops'), count, context, valueText)
  return braces([...members.texts('last_op', 'ops_len', 'resv', 'resv2'), `ops=${operations}`])
}

export const RINGS: Readonly<Record<string, Device>> = { uring_probe: probe, uring_workers: limits }
