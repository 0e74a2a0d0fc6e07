/**
 * A stream that writes an open file of the host, in libuv's thread pool. It reports every error.
 */
import { close as closeFile, fchmodSync, fstatSync, write as writeFile } from 'node:fs'
import { Writable } from 'node:stream'
import { close } from '../gate/descriptors.ts'
import { isMainThread } from '../gate/thread.ts'

/** Writes at the position of `fd`. `owned`: whether the stream closes `fd`. */
export function fileSink(fd: number, owned: boolean): Writable {
  const writeAll = (bytes: Uint8Array, done: (error?: Error | null) => void): void =>
    writeFile(fd, bytes, (error, written) => {
      if (error || written === bytes.length) done(error)
      else writeAll(bytes.subarray(written), done)
    })
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      removePrivilegeBits(fd)
      writeAll(chunk, done)
    },
    destroy: (error, done) => {
      if (owned) closeIt(fd, failure => done(error ?? failure))
      else done(error)
    },
  })
}

/**
 * In a worker thread, Node tracks the descriptors that `fs` opens, and warns if `fs` closes any
 * other. So the descriptor is closed by a system call there.
 */
function closeIt(fd: number, done: (error?: Error | null) => void): void {
  if (isMainThread()) {
    closeFile(fd, done)
    return
  }
  try {
    close(fd)
    done()
  } catch (error) {
    done(error as Error)
  }
}

/** S_ISUID and S_ISGID. */
const PRIVILEGE_BITS = 0o6000

/**
 * Removes the set-user-ID and set-group-ID bits: output of a program must not be executed with the
 * rights of the file's owner. The kernel removes them on a write without privilege, but keeps them
 * if this process is privileged.
 */
function removePrivilegeBits(fd: number): void {
  try {
    const stats = fstatSync(fd)
    if (stats.isFile() && stats.mode & PRIVILEGE_BITS) fchmodSync(fd, stats.mode & 0o7777 & ~PRIVILEGE_BITS)
  } catch {
    // The file belongs to another user. Then this process is not root: the kernel removes the
    // bits.
  }
}
