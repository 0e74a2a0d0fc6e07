/** Waiting for descriptors: poll, select, epoll. What came of it stands behind the result. */
import { argument, type Context, type Printer, signed32 } from './context.ts'
import { readView } from './memory.ts'
import { setText } from './scalars.ts'
import { address } from './text.ts'

const fdText = (fd: number, { options }: Context): string =>
  `${fd}${fd < 0 ? '' : (options.descriptor?.(fd) ?? '')}`

interface Poll {
  readonly fd: number
  readonly events: number
  readonly revents: number
}

function readPolls(value: bigint, context: Context): Poll[] | undefined {
  const count = Math.min(Number(BigInt.asUintN(32, argument(context, 1))), 65_536)
  const view = readView(context.memory, value, count * 8)
  if (!view) return undefined
  return Array.from({ length: count }, (_, index) => ({
    fd: view.getInt32(index * 8, true),
    events: view.getUint16(index * 8 + 4, true),
    revents: view.getUint16(index * 8 + 6, true),
  }))
}

const eventsText = (events: number, { options }: Context): string => setText('|poll', BigInt(events), options)

function listText(items: readonly string[], { limit, options }: Context): string {
  const most = options.full ? items.length : limit
  return `[${[...items.slice(0, most), ...(items.length > most ? ['...'] : [])].join(', ')}]`
}

export const polls: Printer = (value, context) => {
  const found = readPolls(value, context)
  if (!found) return address(value)
  const items = found.map(({ fd, events }) =>
    fd < 0 ? `{fd=${fd}}` : `{fd=${fdText(fd, context)}, events=${eventsText(events, context)}}`,
  )
  return listText(items, context)
}

/** Behind the result of poll: `([{fd=3, revents=POLLIN}])`. */
export function pollResult(context: Context, timeout: string): string {
  const { outcome } = context
  if (!outcome || outcome.failed) return ''
  if (outcome.value === 0n) return ' (Timeout)'
  const ready = (readPolls(argument(context, 0), context) ?? []).filter(({ revents }) => revents !== 0)
  const items = ready.map(
    ({ fd, revents }) => `{fd=${fdText(fd, context)}, revents=${eventsText(revents, context)}}`,
  )
  return ` (${listText(items, context)}${timeout})`
}

function readSet(value: bigint, context: Context): number[] | undefined {
  const count = Math.min(Math.max(signed32(argument(context, 0)), 0), 65_536)
  const length = Math.ceil(count / 64) * 8
  const bytes = context.memory.read(value, length)
  if (bytes.length < length) return undefined
  return Array.from({ length: count }, (_, bit) => bit).filter(
    bit => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1,
  )
}

const setsText = (fds: readonly number[], context: Context): string =>
  `[${fds.map(fd => fdText(fd, context)).join(' ')}]`

export const descriptorSet: Printer = (value, context) => {
  const found = readSet(value, context)
  return found ? setsText(found, context) : address(value)
}

/** Behind the result of select: `(in [3], out [4], left {tv_sec=1, tv_usec=0})`. */
export function selectResult(context: Context, left: string): string {
  const { outcome } = context
  if (!outcome || outcome.failed) return ''
  if (outcome.value === 0n) return ' (Timeout)'
  const parts = ['in', 'out', 'except'].flatMap((name, index) => {
    const pointer = argument(context, index + 1)
    const found = pointer === 0n ? [] : (readSet(pointer, context) ?? [])
    return found.length === 0 ? [] : [`${name} ${setsText(found, context)}`]
  })
  return ` (${[...parts, ...(left === '' ? [] : [`left ${left}`])].join(', ')})`
}

const EPOLL_EVENT_BYTES = 12

/** epoll_data: a number, as its halves, for it may be either. */
export const epollData = (data: bigint): string => `{u32=${data & 0xffffffffn}, u64=${data}}`

export const epollEvents: Printer = (value, context) => {
  const count = Number(context.outcome?.value ?? 0n)
  if (count === 0) return '[]'
  const view = readView(context.memory, value, count * EPOLL_EVENT_BYTES)
  if (!view) return address(value)
  const items = Array.from({ length: count }, (_, index) => {
    const at = index * EPOLL_EVENT_BYTES
    return `{events=${setText('|epoll', BigInt(view.getUint32(at, true)), context.options)}, data=${epollData(view.getBigUint64(at + 4, true))}}`
  })
  return listText(items, context)
}
