/**
 * A descriptor of a tracee, read from its link in /proc. Valid only while the thread is stopped.
 */
import { statSync } from 'node:fs'
import { AT_FDCWD, S_IFBLK, S_IFCHR, S_IFMT } from '../../linux/constants.ts'
import type { DescriptorInfo, DeviceInfo, SocketInfo } from '../../trace/subject.ts'
import { majorOf, minorOf } from './mappings.ts'
import { linkOf, orUndefined, textOf } from './reading.ts'
import { socketOf } from './socket.ts'
import { procOf } from './proc-id.ts'

/** The suffix with which the kernel marks a file that has no name any more. */
const DELETED = ' (deleted)'

/** AT_FDCWD means the working directory. Returns `undefined` if the descriptor is not open. */
export function descriptorOf(tid: number, fd: number): DescriptorInfo | undefined {
  if (fd < 0 && fd !== AT_FDCWD) return undefined
  const link = fd === AT_FDCWD ? `${procOf(tid)}/cwd` : `${procOf(tid)}/fd/${fd}`
  const target = linkOf(link)
  return target && new ProcDescriptor(tid, fd, link, target)
}

class ProcDescriptor implements DescriptorInfo {
  readonly target: Uint8Array
  readonly isDeleted: boolean
  readonly #tid: number
  readonly #fd: number
  readonly #link: string
  readonly #name: string

  constructor(tid: number, fd: number, link: string, target: Buffer) {
    this.#tid = tid
    this.#fd = fd
    this.#link = link
    this.#name = target.toString('latin1')
    this.isDeleted = this.#name.endsWith(DELETED) && !isThere(link, target)
    this.target = this.isDeleted ? target.subarray(0, -DELETED.length) : target
  }

  device(): DeviceInfo | undefined {
    const found = this.#name.startsWith('/') ? orUndefined(() => statSync(this.#link)) : undefined
    if (!found) return undefined
    const type = found.mode & S_IFMT
    if (type !== S_IFCHR && type !== S_IFBLK) return undefined
    const { rdev } = found
    return { type: type === S_IFCHR ? 'char' : 'block', major: majorOf(rdev), minor: minorOf(rdev) }
  }

  socket(): SocketInfo | undefined {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(this.#name) ?? []
    return inode === undefined ? undefined : socketOf(this.#link, BigInt(inode))
  }

  process(): number | undefined {
    if (this.#name !== 'anon_inode:[pidfd]' && !this.#name.startsWith('pidfd:')) return undefined
    const info = textOf(`${procOf(this.#tid)}/fdinfo/${this.#fd}`) ?? ''
    const [, pid] = /^Pid:\s*(-?\d+)/m.exec(info) ?? []
    return pid === undefined ? undefined : Number(pid)
  }
}

/** A file's name may merely look like that of a deleted file. */
const isThere = (link: string, target: Buffer): boolean =>
  orUndefined(() => statSync(target).ino === statSync(link).ino) ?? false
