/**
 * What a stopped call names: its path, read once, and the directory that the path starts from,
 * taken as a descriptor. After that nothing that the program changes has an effect.
 *
 * The directory is that of the thread, by its own id: threads may have different working
 * directories and descriptors (CLONE_FS, CLONE_FILES).
 */
import { readFileSync } from 'node:fs'
import { AT_FDCWD, O_PATH } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import type { StoppedCall } from '../decision.ts'
import { type Found, failed, UNSEEN } from './found.ts'
import { closeObject, openThrough, pathBytes } from './object.ts'
import { allowsEmptyPath, descriptorOf, type PathArgument, type PathCall } from './path-calls.ts'

const PATH_MAX = 4096
const PAGE = 4096
const NOTHING = new Uint8Array(0)
const NO_PATH = Uint8Array.of(0)
const HERE = Uint8Array.of(0x2e, 0)

export interface Named {
  /** Where a relative path starts, or the object itself. -1: an absolute path. Owned. */
  readonly base: number
  /** With a final NUL. Undefined: `base` is the object. */
  readonly path: Uint8Array | undefined
  /** Set if there is nothing to resolve. */
  readonly end?: Found
}

const ended = (end: Found): Named => ({ base: -1, path: undefined, end })

/** Reads up to a NUL: its bytes with that NUL, or an errno. */
export function readString(call: StoppedCall, address: bigint, most: number): Uint8Array | number {
  const inPage = PAGE - Number(address % BigInt(PAGE))
  let bytes: Uint8Array = NOTHING
  for (const length of [Math.min(inPage, most), most]) {
    if (length <= bytes.length) continue
    const got = call.read(address, length)
    const end = got.indexOf(0)
    if (end >= 0) return got.slice(0, end + 1)
    bytes = got
    if (got.length < length) return ERRNO.EFAULT
  }
  return ERRNO.ENAMETOOLONG
}

/** Opens what an entry of the thread in /proc leads to. */
const openOfThread = (tid: number, entry: string): number =>
  openThrough(AT_FDCWD, pathBytes(`/proc/${tid}/${entry}`))

const isForbidden = (result: number): boolean => result === -ERRNO.EACCES || result === -ERRNO.EPERM

/**
 * Whether the kernel lets the tracer look at that thread: not if its program is only executable.
 */
function isSeen(tid: number): boolean {
  const fd = openOfThread(tid, 'cwd')
  closeObject(fd)
  return !isForbidden(fd)
}

/** The directory or file of a descriptor of the thread. */
function openDescriptor(tid: number, descriptor: number): number | Found {
  const fd = openOfThread(tid, descriptor === AT_FDCWD ? 'cwd' : `fd/${descriptor}`)
  if (fd >= 0) return fd
  if (isForbidden(fd)) return UNSEEN
  return failed(fd === -ERRNO.ENOENT && descriptor !== AT_FDCWD ? ERRNO.EBADF : -fd, '')
}

/** Descriptors with O_PATH do not let a call change their file. */
function isPathOnly(tid: number, descriptor: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${tid}/fdinfo/${descriptor}`, 'latin1'))?.[1]
    return (Number.parseInt(flags ?? '0', 8) & O_PATH) !== 0
  } catch {
    return false
  }
}

/** Reads what one argument names. The caller closes `base`. */
export function readNamed(call: StoppedCall, pathCall: PathCall, { path, dirfd }: PathArgument): Named {
  const descriptor = dirfd === undefined ? AT_FDCWD : descriptorOf(call.args, dirfd)
  const address = path === undefined ? 0n : (call.args[path] ?? 0n)
  const mayBeEmpty = allowsEmptyPath(pathCall, call.args)
  const isDescriptor = pathCall.takesNull && descriptor !== AT_FDCWD
  const isNull = path === undefined || (address === 0n && (isDescriptor || mayBeEmpty))
  const bytes = isNull ? NO_PATH : readString(call, address, PATH_MAX)
  if (bytes === ERRNO.EFAULT && !isSeen(call.tid)) return ended(UNSEEN)
  if (typeof bytes === 'number') return ended(failed(bytes, ''))
  const isEmpty = bytes.length === 1
  if (isEmpty && !isNull && !mayBeEmpty && !pathCall.takesEmpty) return ended(failed(ERRNO.ENOENT, ''))
  if (bytes[0] === 0x2f) return { base: -1, path: bytes }
  const base = openDescriptor(call.tid, descriptor)
  if (typeof base !== 'number') return ended(base)
  if (!isEmpty) return { base, path: bytes }
  // The working directory may have been changed in a race with its own judgement.
  if (descriptor === AT_FDCWD) return { base, path: HERE }
  if (isNull && !mayBeEmpty && isPathOnly(call.tid, descriptor)) {
    closeObject(base)
    return ended(failed(ERRNO.EBADF, ''))
  }
  return { base, path: undefined }
}
