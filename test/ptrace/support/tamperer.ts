/** Handlers that do one thing each, by `data`. They change what test/programs/traced.c sees. */
import type { HandlersModule, TraceHandlers } from '#glassbox/index.js'

const GETPPID = 110
const OPENAT = 257
const UMASK = 95
const PWRITE64 = 18
const GETPID = 39
const EPERM = 1

const modes: Readonly<Record<string, (post: (message: unknown) => void) => TraceHandlers>> = {
  /** Everything that `sees` prints is another. */
  change: post => ({
    enter(call, tracee) {
      if (call.nr === GETPPID) tracee.skip({ value: 4242n })
      if (
        call.nr === OPENAT &&
        Buffer.from(tracee.read(call.args[1] ?? 0n, 14)).toString() === '/etc/hostname\0'
      )
        tracee.skip({ errno: EPERM })
      if (call.nr === UMASK && call.args[0] === 5n) tracee.setNumber(GETPID)
      if (call.nr === PWRITE64) tracee.write(call.args[1] ?? 0n, Buffer.from('it is'))
    },
    exit(call, tracee) {
      if (call.nr === UMASK && call.args[0] === 0o22n) tracee.setResult({ value: 77n })
      if (call.tampered) post({ nr: call.nr, value: call.value, failed: call.failed })
    },
  }),
  /** exit_group gets another code. */
  argument: () => ({
    enter(call, tracee) {
      if (call.nr === 231) tracee.setArgument(0, 33n)
    },
  }),
  /** The signal that the program sends itself does not come; another one does. */
  signals: () => ({ signal: stop => (stop.signal === 10 ? 0 : stop.signal === 5 ? 12 : undefined) }),
  /** A signal in the middle of a call. */
  'signal-at-entry': () => ({
    enter(call, tracee) {
      if (call.nr === UMASK) tracee.signal(15)
    },
  }),
  kill: () => ({
    enter(call, tracee) {
      if (call.nr === UMASK) tracee.kill()
    },
  }),
  /** Half a second before and after one call. */
  delay: post => ({
    enter(call, tracee) {
      if (call.nr === UMASK && call.args[0] === 1n) tracee.delay(250_000)
    },
    exit(call, tracee) {
      if (call.nr === UMASK && call.args[0] === 1n) {
        post(call.timeNs - call.enteredNs)
        tracee.delay(250_000)
      }
      if (call.nr === UMASK && call.args[0] === 2n) post(call.enteredNs)
    },
  }),
  throw: () => ({
    enter(call) {
      if (call.nr === UMASK) throw new RangeError('a handler has a fault')
    },
  }),
}

const tamperer: HandlersModule = (data, post) => modes[String(data)]?.(post) ?? {}
export default tamperer
