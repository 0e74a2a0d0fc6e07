/** The caller of the command in its own process: its streams, directory, variables and signals. */
import { constants } from 'node:os'
import { readFileSync, writeSync } from 'node:fs'
import { pathOfBytes } from '../linux/path-bytes.ts'
import type { CallIo } from './types.ts'

/** Signals to which the keeper reacts. */
const SIGNALS = [
  ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'],
  ...['SIGILL', 'SIGABRT', 'SIGFPE', 'SIGSEGV', 'SIGBUS'],
] as const satisfies readonly NodeJS.Signals[]

/**
 * Of all that the call makes. Only the files of reports get the mode that the caller's umask
 * gives.
 */
const MASK = 0o022

/** `NAME=value`, with all bytes, and in the order of the kernel. */
function environment(): string[] {
  const bytes = readFileSync('/proc/self/environ')
  const variables: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at)
    variables.push(pathOfBytes(bytes.subarray(at, end < 0 ? bytes.length : end)))
    at = end < 0 ? bytes.length : end + 1
  }
  return variables
}

/** `programName`: as the user called the command. */
export function processIo(programName: string): CallIo {
  let failed = false
  const write = (fd: number, text: string): void => {
    const bytes = Buffer.from(text)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    } catch {
      failed ||= fd === 1
    }
  }
  return {
    programName,
    cwd: '.',
    environment: environment(),
    ids: { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 },
    effectiveUid: process.geteuid?.() ?? -1,
    umask: process.umask(MASK),
    streams: [0, 1, 2],
    hasOwnDescriptors: true,
    out: text => write(1, text),
    err: text => write(2, text),
    get failed() {
      return failed
    },
    onSignal(listener) {
      const handlers = SIGNALS.map(name => [name, () => listener(constants.signals[name])] as const)
      for (const [name, handler] of handlers) process.on(name, handler)
      return () => {
        for (const [name, handler] of handlers) process.off(name, handler)
      }
    },
  }
}
