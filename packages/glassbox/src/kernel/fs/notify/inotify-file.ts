/** An instance of inotify(7): its watches, and the events that were not read yet. */
import {
  FIONREAD,
  IN_IGNORED,
  IN_Q_OVERFLOW,
  O_RDONLY,
  POLLIN,
  POLLRDNORM,
} from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL, ENOSPC, ENOTTY } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import { WaitQueue } from '../../wait/queue.ts'
import { StreamFile } from '../open-file.ts'
import { anonymousFile } from '../path/anonymous.ts'
import type { Inode } from '../vfs.ts'
import { addWatch, dropWatch, Watch, watchCount, type Watcher } from './watches.ts'

/** /proc/sys/fs/inotify/max_queued_events and max_user_watches. */
const MOST_EVENTS = 16_384
const MOST_WATCHES = 65_536
/** struct inotify_event without its name, which is padded to a multiple of it. */
const HEAD = 16
const MOST_NAME = 256

interface Event {
  readonly descriptor: number
  readonly mask: number
  readonly cookie: number
  readonly name: string
}

const bytes = new Uint8Array(HEAD + MOST_NAME + HEAD)
const view = new DataView(bytes.buffer)

/** Names have a NUL at least. */
const sizeOf = ({ name }: Event): number =>
  HEAD + (name === '' ? 0 : Math.ceil((name.length + 1) / HEAD) * HEAD)

/** How many instances there are: max_user_instances. */
let instances = 0
export const instanceCount = (): number => instances

export class InotifyFile extends StreamFile implements Watcher {
  readonly #queue = new WaitQueue()
  readonly #watches = new Map<number, Watch>()
  #events: Event[] = []
  #last = 0

  /** `flags`: O_NONBLOCK. */
  constructor(flags: number) {
    const { inode, location } = anonymousFile('inotify')
    super(inode, O_RDONLY | flags, location)
    instances++
  }

  override get queue(): WaitQueue {
    return this.#queue
  }

  watchOn(inode: Inode): Watch | undefined {
    for (const watch of this.#watches.values()) if (watch.inode === inode) return watch
    return undefined
  }

  /** The descriptor of a new watch, or −ENOSPC. */
  watch(inode: Inode, mask: number): number {
    if (watchCount() >= MOST_WATCHES) return -ENOSPC
    const watch = new Watch(this, ++this.#last, inode, mask)
    this.#watches.set(watch.descriptor, watch)
    addWatch(watch)
    return watch.descriptor
  }

  unwatch(descriptor: number): number {
    const watch = this.#watches.get(descriptor)
    if (watch === undefined) return -EINVAL
    this.lost(watch)
    return 0
  }

  heard({ descriptor }: Watch, mask: number, cookie: number, name: string): void {
    this.#add({ descriptor, mask, cookie, name })
  }

  lost(watch: Watch): void {
    dropWatch(watch)
    this.#watches.delete(watch.descriptor)
    this.#add({ descriptor: watch.descriptor, mask: IN_IGNORED, cookie: 0, name: '' })
  }

  /** An event that says the same as the last one is not repeated. */
  #add(event: Event): void {
    const last = this.#events.at(-1)
    const isFull = this.#events.length >= MOST_EVENTS
    const added = isFull ? { descriptor: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: '' } : event
    const { descriptor, mask, name } = added
    if (last?.descriptor === descriptor && last.mask === mask && last.name === name) return
    this.#events.push(added)
    this.#queue.wake()
  }

  /** As many whole events as there is room for. */
  override read(transfer: Transfer): number {
    let moved = 0
    let taken = 0
    for (const event of this.#events) {
      const size = sizeOf(event)
      if (size > transfer.remaining) break
      encode(event, size)
      if (transfer.put(bytes, 0, size) < size) return moved > 0 ? this.#drop(taken, moved) : -EFAULT
      moved += size
      taken++
    }
    if (taken === 0) return this.#events.length === 0 ? -EAGAIN : -EINVAL
    return this.#drop(taken, moved)
  }

  #drop(taken: number, moved: number): number {
    this.#events = this.#events.slice(taken)
    return moved
  }

  override poll(): number {
    return this.#events.length > 0 ? POLLIN | POLLRDNORM : 0
  }

  override ioctl(request: number, argument: number, memory: UserMemory): number {
    if (request !== FIONREAD) return -ENOTTY
    return memory.writeInt32(
      argument,
      this.#events.reduce((sum, event) => sum + sizeOf(event), 0),
    )
  }

  override closed(): void {
    instances--
    for (const watch of this.#watches.values()) dropWatch(watch)
    this.#watches.clear()
    this.#events = []
  }
}

function encode({ descriptor, mask, cookie, name }: Event, size: number): void {
  bytes.fill(0, 0, size)
  view.setInt32(0, descriptor, true)
  view.setUint32(4, mask >>> 0, true)
  view.setUint32(8, cookie, true)
  view.setUint32(12, size - HEAD, true)
  for (let i = 0; i < name.length; i++) bytes[HEAD + i] = name.charCodeAt(i)
}
