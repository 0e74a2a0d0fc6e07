/** The caller of the command in its own process: its streams, directory, variables and signals. */
import { readFileSync, writeSync } from 'node:fs'
import { syscall } from '../gate/gate.ts'
import { pathOfBytes } from '../linux/path-bytes.ts'
import { type SignalName, signalNumber } from '../linux/signals.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { CallIo } from './types.ts'

/** Signals to which the keeper reacts. */
const SIGNALS = [
  ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'],
  ...['SIGILL', 'SIGABRT', 'SIGFPE', 'SIGSEGV', 'SIGBUS'],
] as const satisfies readonly NodeJS.Signals[]

/** Not from node:os, which takes milliseconds to load. */
const numberOf = (name: SignalName): number => signalNumber(name) ?? 0

/**
 * Of all that the call makes. Only the files of reports get the mode that the caller's umask
 * gives.
 */
const MASK = 0o022

/** The strings of a file of /proc, with all their bytes. */
function stringsOf(file: string): string[] {
  const bytes = readFileSync(file)
  const strings: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at)
    strings.push(pathOfBytes(bytes.subarray(at, end < 0 ? bytes.length : end)))
    at = end < 0 ? bytes.length : end + 1
  }
  return strings
}

/** bin/glassbox.js hides the variables of Node from this process. */
const WITHHELD = 'GLASSBOX_WITHHELD_'

/** `NAME=value`, in the order of the kernel. */
const environment = (ours: readonly string[]): string[] =>
  stringsOf('/proc/self/environ')
    .map(variable => (variable.startsWith(WITHHELD) ? variable.slice(WITHHELD.length) : variable))
    .filter(variable => !ours.some(name => variable.startsWith(`${name}=`)))

/** In a word with bytes that are not UTF-8. */
const REPLACEMENT = '\u{fffd}'

/** The last words of the command line with all their bytes, which Node replaces. */
export function ownWords(words: readonly string[]): readonly string[] {
  if (!words.some(word => word.includes(REPLACEMENT))) return words
  const all = stringsOf('/proc/self/cmdline')
  return all.length > words.length ? all.slice(-words.length) : words
}

const SIGNAL_ACTION_BYTES = 32
const SIGNAL_SET_BYTES = 8
const SIG_IGN = 1
const IGNORED = ['SIGUSR1', 'SIGUSR2', 'SIGTTOU'] as const

/** Signals that must not end a keeper. Programs get the default actions. */
export function ignoreSignals(): void {
  const action = new Uint8Array(SIGNAL_ACTION_BYTES)
  action[0] = SIG_IGN
  for (const name of IGNORED)
    syscall(syscallNumber('rt_sigaction'), numberOf(name), action, 0, SIGNAL_SET_BYTES)
}

/** `programName`: as the user called the command. `ours`: variables that are not the caller's. */
export function processIo(programName: string, ours: readonly string[] = []): CallIo {
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
    environment: environment(ours),
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
      const handlers = SIGNALS.map(name => [name, () => listener(numberOf(name))] as const)
      for (const [name, handler] of handlers) process.on(name, handler)
      return () => {
        for (const [name, handler] of handlers) process.off(name, handler)
      }
    },
  }
}
