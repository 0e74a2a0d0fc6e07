/** Character devices of memory by their numbers, as in Documentation/admin-guide/devices.txt. */
import { S_IFCHR } from '../../../linux/constants.ts'
import { EFAULT, ENODEV, ENOSPC, ENXIO } from '../../../linux/errno-numbers.ts'
import type { Mappable } from '../../mm/mappable.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { FileBase } from '../open-file.ts'
import type { FsCaller, Inode, Location, OpenFile } from '../vfs.ts'

/** The number of a device, as st_rdev has it. */
export const deviceNumber = (major: number, minor: number): number =>
  ((major & 0xfff) << 8) | (minor & 0xff) | ((minor & ~0xff) << 12)

/** Opens a device. */
export type Opener = (inode: Inode, flags: number, location: Location, caller: FsCaller) => OpenFile | number

/** The devices of a world. Terminals are added by those who make them. */
export class Devices {
  readonly #openers = new Map<number, Opener>()

  constructor(random: (target: Uint8Array) => void) {
    this.add(1, 3, (...place) => new NullFile(...place))
    this.add(1, 5, (...place) => new ZeroFile(...place))
    this.add(1, 7, (...place) => new FullFile(...place))
    for (const minor of [8, 9]) this.add(1, minor, (...place) => new RandomFile(random, ...place))
  }

  add(major: number, minor: number, opener: Opener): void {
    this.#openers.set(deviceNumber(major, minor), opener)
  }

  open(inode: Inode, flags: number, location: Location, caller: FsCaller): OpenFile | number {
    if (inode.type !== S_IFCHR) return -ENXIO
    const opener = this.#openers.get(inode.attributes().rdev)
    return opener === undefined ? -ENXIO : opener(inode, flags, location, caller)
  }
}

/** /dev/null. It has a position that never moves. */
class NullFile extends FileBase {
  constructor(inode: Inode, flags: number, location: Location, _caller: FsCaller) {
    super(inode, flags, location)
  }

  override get mappable(): Mappable | undefined {
    return undefined
  }

  override read(_transfer: Transfer): number {
    return 0
  }

  override write(transfer: Transfer): number {
    return transfer.remaining
  }

  override seek(): number {
    this.position = 0
    return 0
  }
}

/** Mapped, it is anonymous memory. */
const ANONYMOUS: Mappable = {
  backing: 'world',
  anonymous: true,
  size: Infinity,
  page: () => -ENODEV,
  pageRun: () => 0,
  hold: () => {},
  drop: () => {},
  written: () => {},
  sync: () => 0,
}

class ZeroFile extends NullFile {
  override get mappable(): Mappable | undefined {
    return ANONYMOUS
  }

  override read(transfer: Transfer): number {
    const moved = transfer.zero(transfer.remaining)
    return moved === 0 && transfer.faulted ? -EFAULT : moved
  }
}

class FullFile extends ZeroFile {
  override write(): number {
    return -ENOSPC
  }
}

const PIECE = 4096
/** What one read of random bytes gives at most, as in Linux. */
const MOST_RANDOM = 2 ** 25 - 1

class RandomFile extends NullFile {
  readonly #random: (target: Uint8Array) => void

  constructor(
    random: (target: Uint8Array) => void,
    inode: Inode,
    flags: number,
    location: Location,
    caller: FsCaller,
  ) {
    super(inode, flags, location, caller)
    this.#random = random
  }

  override read(transfer: Transfer): number {
    const piece = new Uint8Array(Math.min(PIECE, transfer.remaining))
    let moved = 0
    const most = Math.min(transfer.remaining, MOST_RANDOM)
    while (moved < most) {
      const count = Math.min(piece.length, most - moved)
      this.#random(piece)
      const put = transfer.put(piece, 0, count)
      moved += put
      if (put < count) break
    }
    return moved === 0 && transfer.faulted ? -EFAULT : moved
  }
}
