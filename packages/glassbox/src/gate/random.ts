/** Random bytes and names. node:crypto can also make them, but it takes long to load. */
import { syscallNumber } from '../linux/syscalls.ts'
import { syscall, systemError } from './gate.ts'

const GETRANDOM = syscallNumber('getrandom')
/** So many bytes come at once, whatever signals there are: getrandom(2). */
const AT_ONCE = 256

/** Fills the array with random bytes. */
export function fillRandom(target: Uint8Array): void {
  for (let at = 0; at < target.length; at += AT_ONCE) {
    const part = target.subarray(at, at + AT_ONCE)
    const got = syscall(GETRANDOM, part, part.length, 0)
    if (got !== part.length) throw systemError('getrandom', -got)
  }
}

/** `length` random bytes as hexadecimal digits. */
export function randomHex(length: number): string {
  const bytes = new Uint8Array(length)
  fillRandom(bytes)
  return Buffer.from(bytes).toString('hex')
}
