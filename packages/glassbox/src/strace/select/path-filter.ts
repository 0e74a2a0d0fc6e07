/**
 * -P: selects calls that name one of some paths, or that have a descriptor of one. --trace-fds:
 * selects calls that have one of some descriptors. With both, either is enough. It uses the kinds
 * of arguments in the table. Paths are compared as text.
 */
import { readString } from '../../decode/memory.ts'
import type { EnteredCall } from '../../trace/handlers.ts'
import type { Tracee } from '../../trace/tracee.ts'
import { allSyscalls } from '../../linux/syscalls.ts'
import { has, type NumberSet } from '../options.ts'
import { NO_NUMBERS } from './sets.ts'

const LONGEST_PATH = 4096
const POLLFD_BYTES = 8
const MOST_POLLED = 1024

interface PathArguments {
  readonly paths: readonly number[]
  readonly descriptors: readonly number[]
  /** Argument 0 is an array of pollfd; argument 1 is its length. */
  readonly polls: boolean
  /** Arguments 1 to 3 are sets of descriptors below argument 0. */
  readonly selects: boolean
}

/**
 * Arguments that do not count: the target of a link, which the call does not look up, and
 * descriptors that strace does not look at.
 */
const NOT_LOOKED_UP: Readonly<Record<string, number>> = {
  ...{ symlink: 0, symlinkat: 0, accept: 0, accept4: 0, epoll_ctl: 0, fanotify_mark: 0 },
  io_uring_enter: 0,
  ...{ mq_timedsend: 0, mq_timedreceive: 0, mq_notify: 0, mq_getsetattr: 0 },
  ...{ timerfd_settime: 0, timerfd_gettime: 0, signalfd: 0, signalfd4: 0, perf_event_open: 3 },
}
const CLASSES = ['file', 'desc', 'network']
const POLLS = ['poll', 'ppoll']
const SELECTS = ['select', 'pselect6']
const DESCRIPTORS = ['fd', 'dirfd', 'fandirfd']

const readTable = (): ReadonlyMap<number, PathArguments> =>
  new Map(
    allSyscalls().flatMap(({ nr, name, args, classes }) => {
      const polls = POLLS.includes(name)
      const selects = SELECTS.includes(name)
      if (!polls && !selects && !CLASSES.some(each => classes.includes(each))) return []
      const indexes = (is: (kind: string) => boolean): number[] =>
        args.flatMap(({ kind }, index) => (is(kind) && NOT_LOOKED_UP[name] !== index ? [index] : []))
      const paths = indexes(kind => kind === 'path')
      const descriptors = indexes(kind => DESCRIPTORS.includes(kind))
      return [[nr, { paths, descriptors, polls, selects }] as const]
    }),
  )

let known: ReadonlyMap<number, PathArguments> | undefined

/** Built from the table when a filter is first needed. */
function table(): ReadonlyMap<number, PathArguments> {
  known ??= readTable()
  return known
}

/** Whether this call can match at all. */
export const isPathCall = (nr: number): boolean => table().has(nr)

export class PathFilter {
  readonly #paths: ReadonlySet<string>
  readonly #descriptors: NumberSet

  constructor(paths: readonly string[], descriptors: NumberSet = NO_NUMBERS) {
    this.#paths = new Set(paths)
    this.#descriptors = descriptors
  }

  matches(call: EnteredCall, tracee: Tracee): boolean {
    const at = call.abi === 'i386' ? undefined : table().get(call.nr)
    if (!at) return false
    const argument = (index: number): bigint => call.args[index] ?? 0n
    return (
      at.paths.some(index => this.#isPath(argument(index), tracee)) ||
      at.descriptors.some(index => this.#isDescriptor(Number(BigInt.asIntN(32, argument(index))), tracee)) ||
      (at.polls && polled(call, tracee).some(fd => this.#isDescriptor(fd, tracee))) ||
      (at.selects && selected(call, tracee).some(fd => this.#isDescriptor(fd, tracee)))
    )
  }

  #isPath(address: bigint, tracee: Tracee): boolean {
    const found = address === 0n ? undefined : readString(tracee, address, LONGEST_PATH)
    return found !== undefined && this.#paths.has(Buffer.from(found.bytes).toString())
  }

  #isDescriptor(fd: number, tracee: Tracee): boolean {
    if (fd >= 0 && has(this.#descriptors, fd)) return true
    const target = fd < 0 || this.#paths.size === 0 ? undefined : tracee.descriptor(fd)?.target
    return target !== undefined && this.#paths.has(Buffer.from(target).toString())
  }
}

function polled({ args: [address = 0n, count = 0n] }: EnteredCall, tracee: Tracee): number[] {
  const bytes = tracee.read(address, Number(count < MOST_POLLED ? count : MOST_POLLED) * POLLFD_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: Math.floor(bytes.length / POLLFD_BYTES) }, (_, index) =>
    view.getInt32(index * POLLFD_BYTES, true),
  )
}

function selected({ args: [count = 0n, ...sets] }: EnteredCall, tracee: Tracee): number[] {
  const most = Number(count < MOST_POLLED ? count : MOST_POLLED)
  return sets.slice(0, 3).flatMap(address => {
    const bytes = address === 0n ? new Uint8Array() : tracee.read(address, Math.ceil(most / 8))
    return Array.from(bytes).flatMap((byte, at) =>
      Array.from({ length: 8 }, (_, bit) => ((byte >> bit) & 1 ? at * 8 + bit : -1)).filter(fd => fd >= 0),
    )
  })
}
