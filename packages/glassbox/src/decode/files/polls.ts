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

/**
 * strace writes what is ready into 1024 bytes, and looks whether there is room before each part:
 * so long may a text be so that a descriptor can follow, and so long with the time that is left.
 */
const LONGEST_LIST = 998
const LONGEST_WITH_TIME = 1020

/** The ready descriptors in brackets; nothing if none is. */
function readyPolls(context: Context): string {
  const value = argument(context, 0)
  const count = Number(pollCount(context))
  let text = ''
  let shown = 0
  for (let index = 0; index < count; index++) {
    const at = value + BigInt(index * pollBytes())
    const poll = readStruct(context.memory, at, 'pollfd')
    if (!poll) return `[${text}${text === '' ? '' : ', '}${address(at)}]`
    const { fd, revents } = poll
    if (revents === 0) continue
    const part = `{fd=${fd}, revents=${restText('|poll', BigInt(revents), context.options)}}`
    const next = text === '' ? part : `${text}, ${part}`
    const isLimited = !context.options.full && shown >= context.limit
    // The brackets are two characters.
    if (isLimited || next.length + 2 >= LONGEST_LIST) return text === '' ? '[...]' : `[${text}, ...]`
    text = next
    shown++
  }
  return text === '' ? '' : `[${text}]`
}

/** After the result of poll: `([{fd=3, revents=POLLIN}])`. */
export function pollResult(context: Context, timeout: string): string {
  const { outcome } = context
  if (!outcome || outcome.failed) return ''
  if (outcome.value === 0n) return ' (Timeout)'
  if (context.options.addressesOnly || pollCount(context) === 0n) return ''
  const last = argument(context, 0) + pollCount(context) * BigInt(pollBytes())
  if (argument(context, 0) === 0n || last >= 2n ** 64n) return ''
  const ready = readyPolls(context)
  if (ready === '' || timeout === '') return ready + timeout === '' ? '' : ` (${ready}${timeout})`
  return ` (${ready}, ${ready.length + timeout.length > LONGEST_WITH_TIME ? '...' : timeout})`
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
  let text = ''
  for (const [index, name] of ['in', 'out', 'except'].entries()) {
    const pointer = argument(context, index + 1)
    const found = pointer === 0n ? [] : (readSet(pointer, context) ?? []).slice(0, rest)
    rest -= found.length
    let first = `${text === '' ? '' : ', '}${name} [`
    for (const fd of found) {
      if (text.length > LONGEST_LIST) break
      text += `${first}${fd}`
      first = ' '
    }
    // As in strace, also for descriptors for which there was no room.
    if (found.length > 0) text += ']'
  }
  const time = `left ${left}`
  if (left === '' || text.length + time.length > LONGEST_WITH_TIME) return ` (${text})`
  return ` (${text === '' ? '' : `${text}, `}${time})`
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
