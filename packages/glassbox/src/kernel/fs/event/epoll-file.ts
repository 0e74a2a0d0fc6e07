/**
 * epoll(7): a set of open files with the events that are waited for. Each item waits in its file's
 * queue all the time; what was woken is examined at the next epoll_wait(2).
 */
import {
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLONESHOT,
  EPOLLWAKEUP,
  O_RDWR,
  POLLIN,
  POLLRDNORM,
} from '../../../linux/constants.ts'
import { EEXIST, EINVAL, ELOOP, ENOENT } from '../../../linux/errno-numbers.ts'
import { WaitQueue, type Waiter } from '../../wait/queue.ts'
import { StreamFile } from '../open-file.ts'
import { anonymousFile } from '../path/anonymous.ts'
import type { CloseListener, OpenFile } from '../vfs.ts'

const FLAGS = (EPOLLET | EPOLLEXCLUSIVE | EPOLLONESHOT | EPOLLWAKEUP) >>> 0
/** How deep instances may watch one another. */
const MOST_NESTED = 5

export interface ReadyEvent {
  readonly events: number
  /** The 64 bits of the caller, as two words. */
  readonly low: number
  readonly high: number
}

class Item implements Waiter, CloseListener {
  readonly epoll: EpollFile
  readonly fd: number
  readonly file: OpenFile
  events = 0
  low = 0
  high = 0
  /** Whether a one-shot item has had its event. */
  spent = false

  constructor(epoll: EpollFile, fd: number, file: OpenFile) {
    this.epoll = epoll
    this.fd = fd
    this.file = file
  }

  woken(): void {
    this.epoll.noticed(this)
  }

  fileClosed(): void {
    this.epoll.remove(this)
  }

  set(events: number, low: number, high: number): void {
    this.events = events
    this.low = low
    this.high = high
    this.spent = false
  }

  /** The events that hold now, of those that are waited for. */
  current(): number {
    return this.spent ? 0 : this.file.poll() & ((this.events & ~FLAGS) | EPOLLERR | EPOLLHUP)
  }
}

export class EpollFile extends StreamFile implements Waiter {
  readonly #queue = new WaitQueue()
  readonly #items = new Map<number, Item[]>()
  /** Woken since they were last looked at, or level-triggered and reported. */
  #ready = new Set<Item>()

  constructor(flags: number) {
    const { inode, location } = anonymousFile('[eventpoll]')
    super(inode, O_RDWR | flags, location)
  }

  override get queue(): WaitQueue {
    return this.#queue
  }

  woken(): void {
    this.#queue.wake()
  }

  noticed(item: Item): void {
    if (item.spent) return
    this.#ready.add(item)
    this.#queue.wake()
  }

  #find(fd: number, file: OpenFile): Item | undefined {
    return this.#items.get(fd)?.find(item => item.file === file)
  }

  add(fd: number, file: OpenFile, events: number, low: number, high: number): number {
    if (this.#find(fd, file) !== undefined) return -EEXIST
    if (file instanceof EpollFile) {
      if ((events & EPOLLEXCLUSIVE) !== 0) return -EINVAL
      if (file === this || file.watches(this) || file.depth() >= MOST_NESTED) return -ELOOP
    }
    const item = new Item(this, fd, file)
    item.set(events, low, high)
    const items = this.#items.get(fd)
    if (items === undefined) this.#items.set(fd, [item])
    else items.push(item)
    file.queue.add(item)
    file.closeListeners = (file.closeListeners ?? new Set<CloseListener>()).add(item)
    if (item.current() !== 0) this.noticed(item)
    return 0
  }

  change(fd: number, file: OpenFile, events: number, low: number, high: number): number {
    const item = this.#find(fd, file)
    if (item === undefined) return -ENOENT
    if (((item.events | events) & EPOLLEXCLUSIVE) !== 0) return -EINVAL
    item.set(events, low, high)
    this.#ready.delete(item)
    if (item.current() !== 0) this.noticed(item)
    return 0
  }

  delete(fd: number, file: OpenFile): number {
    const item = this.#find(fd, file)
    if (item === undefined) return -ENOENT
    this.remove(item)
    return 0
  }

  remove(item: Item): void {
    const items = this.#items.get(item.fd) ?? []
    const left = items.filter(other => other !== item)
    if (left.length === 0) this.#items.delete(item.fd)
    else this.#items.set(item.fd, left)
    this.#ready.delete(item)
    item.file.queue.remove(item)
    item.file.closeListeners?.delete(item)
  }

  /** Up to `most` events that hold now. Level-triggered items stay ready, behind the others. */
  take(most: number): ReadyEvent[] {
    const taken: ReadyEvent[] = []
    const again: Item[] = []
    for (const item of this.#ready) {
      if (taken.length === most) break
      this.#ready.delete(item)
      const events = item.current()
      if (events === 0) continue
      taken.push({ events, low: item.low, high: item.high })
      if ((item.events & EPOLLONESHOT) !== 0) item.spent = true
      else if ((item.events & EPOLLET) === 0) again.push(item)
    }
    for (const item of again) this.#ready.add(item)
    return taken
  }

  override poll(): number {
    for (const item of this.#ready) {
      if (item.current() !== 0) return POLLIN | POLLRDNORM
      this.#ready.delete(item)
    }
    return 0
  }

  /** Whether it watches the other instance, itself or by others. */
  watches(other: EpollFile): boolean {
    return this.#nested().some(file => file === other || file.watches(other))
  }

  depth(): number {
    return 1 + Math.max(0, ...this.#nested().map(file => file.depth()))
  }

  #nested(): EpollFile[] {
    const files = [...this.#items.values()].flat().map(({ file }) => file)
    return files.filter(file => file instanceof EpollFile)
  }

  /** As /proc/self/fdinfo shows its items. */
  get items(): readonly { readonly fd: number; readonly events: number }[] {
    return [...this.#items.values()].flat().map(({ fd, events }) => ({ fd, events }))
  }

  override closed(): void {
    for (const items of [...this.#items.values()]) for (const item of items) this.remove(item)
  }
}
