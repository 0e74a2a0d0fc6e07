/**
 * Requests of the device mapper. One struct for all, of which each request uses other fields, and
 * data behind it: a list of targets, devices, versions. Source: linux/dm-ioctl.h.
 */
import { DM_DATA_OUT_FLAG, DM_SUSPEND_FLAG } from '../../linux/constants.ts'
import { shapeOf } from '../../linux/shapes.ts'
import type { Context, KindText } from '../context.ts'
import { type Members, membersAt } from '../shapes/members.ts'
import { boundedString } from '../shapes/shapes.ts'
import { address } from '../text.ts'
import { braces, type Device, isAnswered } from './device.ts'

/** DM_VERSION_MAJOR */
const VERSION = 4n

/** The data behind the struct: one text for each element. */
type Data = (data: Place) => readonly string[]

interface Place {
  readonly head: Members
  readonly context: Context
  readonly valueText: KindText
  /** How many bytes there are, with the struct. */
  readonly size: bigint
}

interface Request {
  /** Of a device, which the caller or the kernel names. */
  readonly isOfDevice?: boolean
  readonly hasData?: boolean
  /** Fields that the caller writes, beside those of all requests. */
  readonly before?: (head: Members) => readonly string[]
  /** Whether the kernel fills in counts and the number of the event. */
  readonly isCounted?: boolean
  readonly sent?: Data
  readonly received?: Data
}

const sizeOfShape = (name: string): bigint => BigInt(shapeOf(name)?.size ?? 0)

const misplaced = (what: string): string => `??? /* misplaced ${what} */`

const isInside = ({ size }: Place, offset: bigint, bytes: bigint): boolean => offset + bytes <= size

/** A string up to its NUL, or up to the end of the data. */
function stringAt({ head, size, context }: Place, offset: bigint): string {
  return size > offset ? boundedString(head.at + offset, Number(size - offset), context) : '""'
}

/** A chain of structs, each of which says where the next one begins. */
function* chain(place: Place, name: string, struct: string): Generator<Members | string, void> {
  const { head, context, valueText } = place
  let offset = head.number('data_start')
  for (;;) {
    const at = head.at + offset
    const element = membersAt(name, at, context, valueText)
    const bytes = sizeOfShape(name)
    if (!element || !isInside(place, offset, bytes)) {
      yield isInside(place, offset, bytes) ? address(at) : misplaced(struct)
      return
    }
    yield element
    const next = element.number('next')
    if (next === 0n) return
    offset = next < bytes ? place.size : offset + next
  }
}

/** A list that ends with the first element without a next one. */
const list =
  (name: string, struct: string, text: (element: Members, place: Place) => string): Data =>
  place => {
    if (place.size === place.head.size) return []
    const parts: string[] = []
    for (const element of chain(place, name, struct))
      parts.push(typeof element === 'string' ? element : text(element, place))
    return parts
  }

const devices = list('dm_name', 'struct dm_name_list', (element, place) =>
  braces([...element.texts('dev'), `name=${stringAt(place, element.place('name') - place.head.at)}`]),
)

const versions = list('dm_versions', 'struct dm_target_versions', (element, place) =>
  braces([`name=${stringAt(place, element.place('name') - place.head.at)}`, ...element.texts('version')]),
)

/** As many targets as the struct says. The next begins behind this one, or behind the first. */
const targets =
  (isFromFirst: boolean): Data =>
  place => {
    const { head, context, valueText } = place
    const parts: string[] = []
    const start = head.number('data_start')
    let offset = start
    for (let index = 0n; index < head.number('target_count'); index++) {
      const at = head.at + offset
      const target = membersAt('dm_target', at, context, valueText)
      const bytes = sizeOfShape('dm_target')
      if (!isInside(place, offset, bytes)) return [...parts, misplaced('struct dm_target_spec')]
      if (!target) return [...parts, address(at)]
      const status = isFromFirst ? target.texts('status') : []
      const string = `string=${stringAt(place, offset + bytes)}`
      parts.push(
        braces([
          ...target.texts('sector_start', 'length'),
          ...status,
          ...target.texts('target_type'),
          string,
        ]),
      )
      const next = (isFromFirst ? start : offset) + target.number('next')
      if (next < offset + bytes) offset = place.size
      else offset = next
    }
    return parts
  }

const DEVICE_BYTES = 8

const dependencies: Data = place => {
  const { head, context, valueText } = place
  if (place.size === head.size) return []
  const offset = head.number('data_start')
  const deps = membersAt('dm_deps', head.at + offset, context, valueText)
  const count = deps?.number('count') ?? 0n
  if (!isInside(place, offset, sizeOfShape('dm_deps') + count * BigInt(DEVICE_BYTES)))
    return [misplaced('struct dm_target_deps')]
  return [deps ? braces([...deps.texts('count'), `deps=${deps.value('dev')}`]) : address(head.at + offset)]
}

const message: Data = place => {
  const { head, context, valueText } = place
  if (place.size === head.size) return []
  const offset = head.number('data_start')
  const text = membersAt('dm_message', head.at + offset, context, valueText)
  if (!isInside(place, offset, sizeOfShape('dm_message'))) return [misplaced('struct dm_target_msg')]
  if (!text) return [address(head.at + offset)]
  return [braces([...text.texts('sector'), `message=${stringAt(place, offset + text.size)}`])]
}

const string: Data = place => {
  const offset = place.head.number('data_start')
  return [isInside(place, offset, 0n) ? braces([`string=${stringAt(place, offset)}`]) : misplaced('string')]
}

/** What a target answers to a message, if it does. */
const answer: Data = place =>
  (place.head.number('flags') & BigInt(DM_DATA_OUT_FLAG)) === 0n ? [] : string(place)

const eventNumber = (head: Members): readonly string[] => head.texts('event_nr')
const device = { isOfDevice: true } as const
const counted = { isOfDevice: true, isCounted: true } as const

/** Which requests show what, by their names in shapes.txt. */
const REQUESTS: Readonly<Record<string, Request>> = {
  dm_version: device,
  dm_remove_all: {},
  dm_list_devices: { hasData: true, received: devices },
  dm_dev_create: counted,
  dm_dev_remove: { ...device, before: eventNumber },
  dm_dev_rename: { ...counted, hasData: true, before: eventNumber, sent: string },
  dm_dev_suspend: {
    ...counted,
    before: head => ((head.number('flags') & BigInt(DM_SUSPEND_FLAG)) === 0n ? eventNumber(head) : []),
  },
  dm_dev_status: counted,
  dm_dev_wait: { ...counted, hasData: true, before: eventNumber, received: targets(true) },
  dm_table_load: {
    ...counted,
    hasData: true,
    before: head => head.texts('target_count'),
    sent: targets(false),
  },
  dm_table_clear: counted,
  dm_table_deps: { ...counted, hasData: true, received: dependencies },
  dm_table_status: { ...counted, hasData: true, received: targets(true) },
  dm_list_versions: { hasData: true, received: versions },
  dm_target_msg: { ...counted, hasData: true, sent: message, received: answer },
  dm_dev_set_geometry: { ...device, hasData: true, sent: string },
  dm_dev_arm_poll: device,
}

const version = (head: Members): bigint => BigInt(/\[(\d+)/.exec(head.value('version'))?.[1] ?? 0)

/** `[{version=[4, 0, 0], …}, …]`, as the caller or as the kernel wrote it. */
function mapped(
  head: Members,
  request: Request,
  isAnswer: boolean,
  context: Context,
  valueText: KindText,
): string {
  const [versionText = '', sizeText = ''] = head.texts('version', 'data_size')
  if (version(head) !== VERSION) return `[{${versionText} /* unsupported device mapper ABI version */}]`
  const size = head.number('data_size')
  if (size < head.place('data') - head.at) return `[{${versionText}, ${sizeText} /* data_size too small */}]`
  const { isOfDevice, hasData, before, isCounted, sent, received } = request
  const fields = braces([
    versionText,
    sizeText,
    ...(hasData ? head.texts('data_start') : []),
    ...(isOfDevice ? head.texts('dev', ...['name', 'uuid'].filter(field => head.bytes(field)[0] !== 0)) : []),
    ...(isAnswer ? [] : (before?.(head) ?? [])),
    ...(isAnswer && isCounted ? head.texts('target_count', 'open_count', 'event_nr') : []),
    ...head.texts('flags'),
  ])
  const data = isAnswer ? received : sent
  return `[${[fields, ...shownData(data, { head, context, valueText, size })].join(', ')}]`
}

/** Without -v, three dots stand for data. */
function shownData(data: Data | undefined, place: Place): readonly string[] {
  if (!data) return []
  if (place.context.options.full) return data(place)
  return data(place).length === 0 ? [] : ['...']
}

const mapper =
  (request: Request): Device =>
  (value, context, valueText) => {
    if (value === 0n) return '0'
    const head = membersAt('dm_ioctl', value, context, valueText)
    if (!head || head.number('data_size') < head.place('data_size') - value) return address(value)
    const first = mapped(head, request, false, context, valueText)
    return isAnswered(context) ? `${first} => ${mapped(head, request, true, context, valueText)}` : first
  }

export const MAPPER: Readonly<Record<string, Device>> = Object.fromEntries(
  Object.entries(REQUESTS).map(([name, request]) => [name, mapper(request)]),
)
