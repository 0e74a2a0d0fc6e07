/** Waiting for descriptors: poll, select, epoll. Their outcome is printed after the result. */
import { readStruct, struct, unsigned } from '../../codec/struct.ts'
import { pointerBytes } from '../../linux/schema/models.ts'
import { argument, type Context, type Printer, signed32 } from '../context.ts'
import { arrayText } from '../basic/arrays.ts'
import { restText, setText } from '../names.ts'
import { address } from '../text.ts'

const pollCount = (context: Context): bigint => BigInt.asUintN(32, argument(context, 1))

const fdText = (fd: number, { options }: Context): string =>
  `${fd}${fd < 0 ? '' : (options.descriptor?.(fd) ?? '')}`

const eventsText = (events: number, { options }: Context): string => setText('|poll', BigInt(events), options)

const pollBytes = (): number => struct('pollfd').size

export const polls: Printer = (value, context) =>
  arrayText(value, pollCount(context), pollBytes(), context, at => {
    const poll = readStruct(context.memory, at, 'pollfd')
    if (!poll) return undefined
    const { fd, events } = poll
    if (fd < 0) return `{fd=${fd}}`
    return `{fd=${fdText(fd, context)}, events=${eventsText(events, context)}}`
  })

/** The ready descriptors in brackets; nothing if none is. */
function readyPolls(context: Context): string {
  const value = argument(context, 0)
  const count = Number(pollCount(context))
  const parts: string[] = []
  for (let index = 0; index < count; index++) {
    const at = value + BigInt(index * pollBytes())
    const poll = readStruct(context.memory, at, 'pollfd')
    if (!poll) return `[${[...parts, address(at)].join(', ')}]`
    const { fd, revents } = poll
    if (revents === 0) continue
    if (!context.options.full && parts.length >= context.limit) return `[${parts.join(', ')}, ...]`
    parts.push(`{fd=${fd}, revents=${restText('|poll', BigInt(revents), context.options)}}`)
  }
  return parts.length === 0 ? '' : `[${parts.join(', ')}]`
}

/** After the result of poll: `([{fd=3, revents=POLLIN}])`. */
export function pollResult(context: Context, timeout: string): string {
  const { outcome } = context
  if (!outcome || outcome.failed) return ''
  if (outcome.value === 0n) return ' (Timeout)'
  if (context.options.addressesOnly || pollCount(context) === 0n) return ''
  const last = argument(context, 0) + pollCount(context) * BigInt(pollBytes())
  if (argument(context, 0) === 0n || last >= 2n ** 64n) return ''
  const parts = [readyPolls(context), timeout].filter(part => part !== '')
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/** The kernel looks at no more descriptors than this. */
const MOST_DESCRIPTORS = 1024 * 1024

/** The descriptors of a set; `undefined` if it cannot be read. */
function readSet(value: bigint, context: Context): number[] | undefined {
  const said = signed32(argument(context, 0))
  if (said <= 0) return undefined
  const count = Math.min(said, MOST_DESCRIPTORS)
  const word = pointerBytes(context.memory.model)
  const length = Math.ceil(count / (8 * word)) * word
  const bytes = context.memory.read(value, length)
  if (bytes.length < length) return undefined
  return Array.from({ length: count }, (_, bit) => bit).filter(
    bit => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1,
  )
}

export const descriptorSet: Printer = (value, context) => {
  const found = readSet(value, context)
  return found ? `[${found.map(fd => fdText(fd, context)).join(' ')}]` : address(value)
}

/** After the result of select: `(in [3], out [4], left {tv_sec=1, tv_usec=0})`. */
export function selectResult(context: Context, left: string): string {
  const { outcome } = context
  if (!outcome || outcome.failed) return ''
  if (outcome.value === 0n) return ' (Timeout)'
  // As many as the result says, of all sets together.
  let rest = Number(outcome.value)
  const parts = ['in', 'out', 'except'].flatMap((name, index) => {
    const pointer = argument(context, index + 1)
    const found = pointer === 0n ? [] : (readSet(pointer, context) ?? []).slice(0, rest)
    rest -= found.length
    return found.length === 0 ? [] : [`${name} [${found.join(' ')}]`]
  })
  return ` (${[...parts, ...(left === '' ? [] : [`left ${left}`])].join(', ')})`
}

/** epoll_data: as a number and as its halves, because it may be either. */
export const epollData = (data: bigint): string => `{u32=${data & 0xffffffffn}, u64=${data}}`

export const epollEvents: Printer = (value, context) =>
  arrayText(value, context.outcome?.value ?? 0n, struct('epoll_event').size, context, at => {
    const event = readStruct(context.memory, at, 'epoll_event')
    if (!event) return undefined
    const events = setText('|epoll', BigInt(event.events), context.options)
    return `{events=${events}, data=${epollData(unsigned(event.data))}}`
  })
