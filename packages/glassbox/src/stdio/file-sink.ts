/** Writes an open file of the host as a stream: in the thread pool, and with every error told. */
import { close as closeFile, fchmodSync, fstatSync, write as writeFile } from 'node:fs'
import { Writable } from 'node:stream'
import { close } from '../gate/descriptors.ts'
import { isMainThread } from '../gate/thread.ts'

/** Writes at the position of `fd`. `owned`: `fd` is closed with the stream. */
export function fileSink(fd: number, owned: boolean): Writable {
  const writeAll = (bytes: Uint8Array, done: (error?: Error | null) => void): void =>
    writeFile(fd, bytes, (error, written) => {
      if (error || written === bytes.length) done(error)
      else writeAll(bytes.subarray(written), done)
    })
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      takePrivilegeAway(fd)
      writeAll(chunk, done)
    },
    destroy: (error, done) => {
      if (owned) closeIt(fd, failure => done(error ?? failure))
      else done(error)
    },
  })
}

/**
 * A worker of Node counts the descriptors that `fs` has opened, and warns of others that it
 * closes.
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
 * A program's words must not be executed with the rights of the file's owner. The kernel sees to
 * that when a program writes; with privilege a write keeps the bits.
 */
function takePrivilegeAway(fd: number): void {
  try {
    const stats = fstatSync(fd)
    if (stats.isFile() && stats.mode & PRIVILEGE_BITS) fchmodSync(fd, stats.mode & 0o7777 & ~PRIVILEGE_BITS)
  } catch {
    // Not ours: then the kernel takes them away.
  }
}
