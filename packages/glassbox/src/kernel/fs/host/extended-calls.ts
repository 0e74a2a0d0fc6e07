/**
 * Calls of the host about extended attributes. They do not take O_PATH descriptors, so each names
 * the descriptor's entry in /proc, which leads to the inode itself.
 */
import { addon } from '../../../gate/addon.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'

const NR = {
  get: syscallNumber('getxattr'),
  set: syscallNumber('setxattr'),
  list: syscallNumber('listxattr'),
  remove: syscallNumber('removexattr'),
} as const

/** XATTR_SIZE_MAX and XATTR_LIST_MAX of Linux. */
const buffer = new Uint8Array(64 * 1024)

const cText = (text: string): Uint8Array => Buffer.from(`${text}\0`, 'latin1')
const pathOf = (fd: number): Uint8Array => cText(`/proc/self/fd/${fd}`)

export function attributeValue(fd: number, name: string): Uint8Array | number {
  const length = addon().syscall(NR.get, pathOf(fd), cText(name), buffer, buffer.length)
  return length < 0 ? length : buffer.slice(0, length)
}

export const setAttribute = (fd: number, name: string, value: Uint8Array, flags: number): number =>
  addon().syscall(NR.set, pathOf(fd), cText(name), value, value.length, flags)

export function attributeNames(fd: number): string[] | number {
  const length = addon().syscall(NR.list, pathOf(fd), buffer, buffer.length)
  if (length < 0) return length
  return Buffer.from(buffer.buffer, 0, length).toString('latin1').split('\0').slice(0, -1)
}

export const removeAttribute = (fd: number, name: string): number =>
  addon().syscall(NR.remove, pathOf(fd), cText(name))
