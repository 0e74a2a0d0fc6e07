/** What files without a name have in common: signalfd, timerfd, pidfd. Streams that poll. */
import { EINVAL, EPERM } from '../../../linux/errno-numbers.ts'
import { FileBase } from '../../fs/open-file.ts'
import type { Attributes, Inode, OpenFile } from '../../fs/vfs.ts'

const NEVER = { seconds: 0, nanoseconds: 0 }

/** All of them have the one inode of anon_inodefs. */
const ATTRIBUTES: Attributes = {
  dev: 15,
  ino: 1,
  mode: 0o600,
  nlink: 1,
  uid: 0,
  gid: 0,
  rdev: 0,
  size: 0,
  blocks: 0,
  blockSize: 4096,
  atime: NEVER,
  mtime: NEVER,
  ctime: NEVER,
  btime: NEVER,
}

const INODE: Inode = {
  type: 0,
  attributes: () => ATTRIBUTES,
  change: () => -EPERM,
  open: (): OpenFile | number => -EINVAL,
}

export class AnonymousFile extends FileBase {
  readonly #kind: string

  /** `kind`: as /proc/PID/fd shows it, in brackets. */
  constructor(kind: string, flags: number) {
    super(INODE, flags, undefined)
    this.#kind = kind
  }

  override get name(): string {
    return `anon_inode:${this.#kind}`
  }

  override get stream(): boolean {
    return true
  }

  override get mappable(): undefined {
    return undefined
  }
}
