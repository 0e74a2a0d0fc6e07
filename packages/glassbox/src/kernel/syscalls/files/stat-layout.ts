/** struct stat and struct statx of x86-64, written as words into guest memory. */
import {
  STATX_ATTR_MOUNT_ROOT,
  STATX_BASIC_STATS,
  STATX_BTIME,
  STATX_MNT_ID,
} from '../../../linux/constants.ts'
import type { Attributes, Time } from '../../fs/vfs.ts'
import type { UserMemory } from '../../mm/user-memory.ts'

const STAT_BYTES = 144
const STATX_BYTES = 256

const bytes = new Uint8Array(STATX_BYTES)
const words = new Int32Array(bytes.buffer)
const view = new DataView(bytes.buffer)

/** A 64-bit number at a word index. */
function long(index: number, value: number): void {
  words[index] = value | 0
  words[index + 1] = Math.floor(value / 2 ** 32)
}

function time(index: number, { seconds, nanoseconds }: Time): void {
  long(index, seconds)
  long(index + 2, nanoseconds)
}

export function writeStat(memory: UserMemory, address: number, attributes: Attributes): number {
  const { dev, ino, nlink, mode, uid, gid, rdev, size, blockSize, blocks } = attributes
  long(0, dev)
  long(2, ino)
  long(4, nlink)
  words[6] = mode
  words[7] = uid
  words[8] = gid
  words[9] = 0
  long(10, rdev)
  long(12, size)
  long(14, blockSize)
  long(16, blocks)
  time(18, attributes.atime)
  time(22, attributes.mtime)
  time(26, attributes.ctime)
  for (let index = 30; index < STAT_BYTES / 4; index++) words[index] = 0
  return memory.write(address, bytes, 0, STAT_BYTES)
}

/** Where the fields of times begin in struct statx, and of the device numbers. */
const AT = { atime: 64, btime: 80, ctime: 96, mtime: 112, rdev: 128, dev: 136, mount: 144 } as const

export function writeStatx(
  memory: UserMemory,
  address: number,
  attributes: Attributes,
  mount: number,
  isMountRoot: boolean,
): number {
  bytes.fill(0)
  view.setUint32(0, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, true)
  view.setUint32(4, attributes.blockSize, true)
  long(2, isMountRoot ? STATX_ATTR_MOUNT_ROOT : 0)
  view.setUint32(16, attributes.nlink, true)
  view.setUint32(20, attributes.uid, true)
  view.setUint32(24, attributes.gid, true)
  view.setUint16(28, attributes.mode, true)
  long(8, attributes.ino)
  long(10, attributes.size)
  long(12, attributes.blocks)
  long(14, STATX_ATTR_MOUNT_ROOT)
  for (const name of ['atime', 'btime', 'ctime', 'mtime'] as const) {
    long(AT[name] / 4, attributes[name].seconds)
    view.setUint32(AT[name] + 8, attributes[name].nanoseconds, true)
  }
  device(AT.rdev, attributes.rdev)
  device(AT.dev, attributes.dev)
  long(AT.mount / 4, mount)
  return memory.write(address, bytes, 0, STATX_BYTES)
}

function device(at: number, number: number): void {
  view.setUint32(at, (number >>> 8) & 0xfff, true)
  view.setUint32(at + 4, (number & 0xff) | ((number >>> 12) & ~0xff), true)
}
