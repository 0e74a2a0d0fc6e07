/**
 * What signalfd, timerfd and pidfd have in common: no name, no position, and something to poll.
 */
import type { WaitQueue } from '../../wait/queue.ts'
import { StreamFile } from '../../fs/open-file.ts'
import { AnonymousInode, anonymousPlace, deviceOf } from '../../fs/path/anonymous.ts'

const FILE_SYSTEM = 'anon_inodefs'
const MODE = 0o600
const ROOT = { uid: 0, gid: 0 }

export class AnonymousFile extends StreamFile {
  readonly #queue: WaitQueue

  /** `kind`: as /proc/PID/fd shows it, in brackets. */
  constructor(kind: string, flags: number, queue: WaitQueue) {
    const inode = new AnonymousInode(MODE, 1, deviceOf(FILE_SYSTEM), ROOT)
    super(inode, flags, anonymousPlace(FILE_SYSTEM, `anon_inode:${kind}`, inode))
    this.#queue = queue
  }

  override get queue(): WaitQueue {
    return this.#queue
  }
}
