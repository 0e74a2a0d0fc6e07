/**
 * A stream that writes an open file of the host, in libuv's thread pool. It reports every error.
 */
import { close as closeFile, write as writeFile } from 'node:fs'
import { Writable } from 'node:stream'
import { isMainThread } from 'node:worker_threads'
import { close } from '../gate/descriptors.ts'

/** Writes at the position of `fd`. `owned`: whether the stream closes `fd`. */
export function fileSink(fd: number, owned: boolean): Writable {
  const writeAll = (bytes: Uint8Array, done: (error?: Error | null) => void): void =>
    writeFile(fd, bytes, (error, written) => {
      if (error || written === bytes.length) done(error)
      else writeAll(bytes.subarray(written), done)
    })
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => writeAll(chunk, done),
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
  if (isMainThread) {
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
