/** Requests of video devices: buffers and controls. Source: linux/videodev2.h. */
import { arrayText } from '../basic/arrays.ts'
import type { Context, KindText } from '../context.ts'
import { setText } from '../names.ts'
import { type Members, membersAt } from '../shapes/members.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { braces, changing, type Device, isAnswered, ofShape } from './device.ts'

const NEXT = 0xc0000000n

/** The control that a query asks for, or, with a flag, the one after it. */
const query = (name: string, fields: readonly string[]): Device =>
  ofShape(name, (members, context, valueText) => {
    const { options } = context
    const id = members.number('id')
    const flags = id & NEXT
    const control = valueText('v4l2ctrl', id & ~NEXT, context)
    const shownId =
      flags === 0n || options.spelling === 'raw'
        ? valueText('v4l2ctrl', id, context)
        : `${setText('|v4l2_next', flags, options)}|${control}`
    const answer = isAnswered(context)
      ? [...members.texts('type', 'name'), ...(options.full ? members.texts(...fields) : ['...'])]
      : []
    return braces([`id=${shownId}`, ...answer])
  })

const control = (isGet: boolean): Device =>
  ofShape('v4l2_control', (members, context) =>
    braces([
      ...members.texts('id'),
      ...(isGet
        ? isAnswered(context)
          ? members.texts('value')
          : []
        : [changing(members, 'value', context)]),
    ]),
  )

/** Flags and, as numbers in the same word, the kinds of the time and of its source. */
function bufferFlags(members: Members, { options }: Context): string {
  const TIME = 0xe000n
  const SOURCE = 0x70000n
  const value = members.number('flags')
  if (options.spelling === 'raw') return members.value('flags')
  const flags = value & ~TIME & ~SOURCE
  return [
    ...(flags === 0n ? [] : [setText('|v4l2_buf', flags, options)]),
    setText('=v4l2_buf_time', value & TIME, options),
    setText('=v4l2_buf_source', value & SOURCE, options),
  ].join('|')
}

const videoBuffer = (isDequeued: boolean): Device =>
  ofShape('v4l2_buffer', (members, context) => {
    const answer = (): readonly string[] => [
      ...members.texts(
        ...(isDequeued ? ['index'] : []),
        'memory',
        'm.offset',
        'm.userptr',
        'length',
        'bytesused',
      ),
      `flags=${bufferFlags(members, context)}`,
      ...(isDequeued ? members.texts('timestamp') : []),
      '...',
    ]
    const asked = members.texts('type', ...(isDequeued ? [] : ['index']))
    return braces([...asked, ...(isAnswered(context) ? answer() : [])])
  })

const requestBuffers: Device = ofShape('v4l2_requestbuffers', (members, context) =>
  braces([...members.texts('type', 'memory'), changing(members, 'count', context)]),
)

/** One of the controls: a string if it has a size, else a number. */
function extendedControl(at: bigint, context: Context, valueText: KindText): string | undefined {
  const members = membersAt('v4l2_ext_control', at, context, valueText)
  if (!members) return undefined
  const isString = members.number('size') > 0n
  return braces(members.texts('id', 'size', ...(isString ? ['string'] : ['value', 'value64'])))
}

function controlList(members: Members, context: Context, valueText: KindText): string {
  const start = members.number('controls')
  const bytes = shapeOf('v4l2_ext_control')?.size ?? 0
  const list = arrayText(start, members.number('count'), bytes, context, at =>
    extendedControl(at, context, valueText),
  )
  return `controls=${start === 0n ? 'NULL' : list}`
}

const extendedControls = (isGet: boolean): Device =>
  ofShape('v4l2_ext_controls', (members, context, valueText) => {
    const head = members.texts('ctrl_class', 'count')
    if (members.number('count') === 0n) return braces(head)
    const list = controlList(members, context, valueText)
    const error = context.outcome?.failed === true ? members.texts('error_idx') : []
    if (isGet) return braces([...head, ...(context.outcome ? [list] : []), ...error])
    const first = braces([...head, list])
    const isAnswer = context.outcome && list.includes('[')
    return isAnswer ? `${first} => ${braces([list, ...error])}` : first
  })

const QUERIED = ['minimum', 'maximum', 'step', 'default_value', 'flags']

export const VIDEO: Readonly<Record<string, Device>> = {
  v4l2_query: query('v4l2_queryctrl', [...QUERIED, 'reserved']),
  v4l2_query_ext: query('v4l2_query_ext', [
    ...QUERIED,
    'elem_size',
    'elems',
    'nr_of_dims',
    'dims',
    'reserved',
  ]),
  v4l2_get: control(true),
  v4l2_set: control(false),
  v4l2_buffer: videoBuffer(false),
  v4l2_dequeue: videoBuffer(true),
  v4l2_request: requestBuffers,
  v4l2_get_ext: extendedControls(true),
  v4l2_set_ext: extendedControls(false),
}
