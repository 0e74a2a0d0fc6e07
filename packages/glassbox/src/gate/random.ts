/** Makes random names. node:crypto can also make them, but it takes long to load. */
import { syscallNumber } from '../linux/syscalls.ts'
import { syscall } from './gate.ts'

/** `length` random bytes as hexadecimal digits, from getrandom(2). `length` is at most 256. */
export function randomHex(length: number): string {
  const bytes = new Uint8Array(length)
  syscall(syscallNumber('getrandom'), bytes, length, 0)
  return Buffer.from(bytes).toString('hex')
}
