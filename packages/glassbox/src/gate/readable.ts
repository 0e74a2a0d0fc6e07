/**
 * Calls back when a descriptor can be read, without a socket of node:net: loading that module
 * takes longer than most programs run. The descriptor stays the caller's.
 */
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { addon } from './addon.ts'
import { syscall, systemError } from './gate.ts'

/** A descriptor that is being watched. Each function may be called at any time. */
export interface Watch {
  /** Whether the watch keeps this process running. At first it does. */
  hold(hold: boolean): void
  /** Whether nothing is called for now. */
  pause(paused: boolean): void
  /** Ends the watch. The caller may then close the descriptor. */
  end(): void
}

/**
 * Calls `onReadable` whenever the descriptor can be read, also at its end and after an error,
 * until the watch ends: again and again, as long as there is something to read. After an error it
 * is called once. Throws ERR_GLASSBOX_SYSTEM, for example for a closed descriptor.
 *
 * @example
 * const watch = watchReadable(fd, () => {
 *   for (let length; (length = readNow(fd, buffer)) !== undefined; ) {
 *     if (length <= 0) return watch.end() // the end, or an error
 *     use(buffer.subarray(0, length))
 *   }
 * })
 */
export function watchReadable(fd: number, onReadable: () => void): Watch {
  const gate = addon()
  let watch: object | undefined
  const begun = gate.watchReadable(fd, () => {
    if (watch) onReadable()
  })
  if (typeof begun === 'number') throw systemError('epoll_ctl', -begun, `descriptor ${fd}`)
  watch = begun
  return {
    hold(hold) {
      if (watch) gate.holdLoop(watch, hold)
    },
    pause(paused) {
      if (watch) gate.pauseWatch(watch, paused)
    },
    end() {
      if (watch) gate.unwatch(watch)
      watch = undefined
    },
  }
}

const READ = syscallNumber('read')

/**
 * Reads what a watched descriptor has now. Returns the number of bytes, 0 at the end, -errno after
 * an error, `undefined` if there is nothing yet.
 */
export function readNow(fd: number, buffer: Uint8Array): number | undefined {
  const length = syscall(READ, fd, buffer, buffer.length)
  return length === -ERRNO.EAGAIN ? undefined : length
}
