/** A descriptor of a task as a trace sees it, from the tables of the kernel. */
import { AT_FDCWD, S_IFBLK, S_IFCHR, S_IFMT } from '../../../linux/constants.ts'
import { nameOfFile } from '../../../kernel/fs/proc/descriptors.ts'
import { SocketFile } from '../../../kernel/fs/socket/socket-file.ts'
import type { UnixSocket } from '../../../kernel/fs/socket/unix-socket.ts'
import { pathFrom } from '../../../kernel/fs/path/mounts.ts'
import type { OpenFile } from '../../../kernel/fs/vfs.ts'
import { PidFile } from '../../../kernel/task/files/pid-file.ts'
import type { Task } from '../../../kernel/task/state.ts'
import type { DescriptorInfo, DeviceInfo, SocketInfo } from '../../../trace/subject.ts'

/** The suffix of a file that has no name any more. */
const DELETED = ' (deleted)'
const MAJOR_SHIFT = 8
const MINOR_BITS = 0xff

/** AT_FDCWD means the working directory. `undefined` if the descriptor is not open. */
export function descriptorOf(task: Task, fd: number): DescriptorInfo | undefined {
  if (fd === AT_FDCWD) {
    const target = cwdOf(task)
    return target && { ...NOTHING_KNOWN, target }
  }
  const file = task.files.get(fd)
  return file && new FileDescriptor(task, file)
}

/** Linux has one protocol for streams, and one for datagrams and packets. */
function socketInfo({ isStream, inode, peer, address }: UnixSocket): SocketInfo {
  const name = address === undefined ? undefined : Buffer.from(address, 'latin1')
  return {
    protocol: isStream ? 'UNIX-STREAM' : 'UNIX',
    inode: BigInt(inode),
    ends: () => ({ family: 'unix', peer: peer?.inode ?? 0, name }),
    netlinkProtocol: nothing,
  }
}

export function cwdOf({ fs }: Task): Uint8Array | undefined {
  const path = pathFrom(fs.root, fs.cwd)
  return path === undefined ? undefined : Buffer.from(path, 'latin1')
}

const nothing = (): undefined => undefined
const NOTHING_KNOWN = { isDeleted: false, device: nothing, socket: nothing, process: nothing } as const

class FileDescriptor implements DescriptorInfo {
  readonly target: Uint8Array
  readonly isDeleted: boolean
  readonly #file: OpenFile

  constructor(task: Task, file: OpenFile) {
    const name = nameOfFile(file, task)
    this.isDeleted = file.location?.dentry.removed === true && name.endsWith(DELETED)
    this.target = Buffer.from(this.isDeleted ? name.slice(0, -DELETED.length) : name, 'latin1')
    this.#file = file
  }

  device(): DeviceInfo | undefined {
    const { mode, rdev } = this.#file.attributes()
    const type = mode & S_IFMT
    if (type !== S_IFCHR && type !== S_IFBLK) return undefined
    const major = (rdev >> MAJOR_SHIFT) & 0xfff
    return { type: type === S_IFCHR ? 'char' : 'block', major, minor: rdev & MINOR_BITS }
  }

  socket(): SocketInfo | undefined {
    return this.#file instanceof SocketFile ? socketInfo(this.#file.socket) : undefined
  }

  process(): number | undefined {
    if (!(this.#file instanceof PidFile)) return undefined
    const { process } = this.#file
    return process.ended ? -1 : process.pid
  }
}
