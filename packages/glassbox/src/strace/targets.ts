/** Opens the output of the trace: stderr, a file, or a program that reads it. */
import { closeSync, openSync } from 'node:fs'
import { close } from '../gate/descriptors.ts'
import { call, syscall } from '../gate/gate.ts'
import { O_CLOEXEC, POLLIN } from '../linux/constants.ts'
import { errnoMessage } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { fault } from './fault.ts'
import type { OutputTarget, StraceOptions } from './options.ts'

const POLL = syscallNumber('poll')
const POLL_MS = 2
const STDERR = 2

export interface OpenTarget {
  readonly target: OutputTarget
  /** Closes it, and waits for the program that reads it, if any. */
  readonly close: () => Promise<void>
}

export function openFile(name: string, flags: 'a' | 'w'): number {
  try {
    return openSync(name, flags, 0o666)
  } catch (error) {
    throw fault(`Can't fopen '${name}': ${errnoMessage(-((error as NodeJS.ErrnoException).errno ?? 0))}`)
  }
}

export async function openTarget({ output, append, separate }: StraceOptions): Promise<OpenTarget> {
  const nothing = async (): Promise<void> => {}
  if (output === undefined) {
    return { target: { kind: 'shared', fd: STDERR, name: 'stderr', isStderr: true }, close: nothing }
  }
  if (/^[|!]/.test(output)) return pipeTo(output)
  if (separate) return { target: { kind: 'separate', name: output, append }, close: nothing }
  const fd = openFile(output, append ? 'a' : 'w')
  return {
    target: { kind: 'shared', fd, name: output, isStderr: false },
    close: async () => closeSync(fd),
  }
}

/**
 * Starts a program that reads the output. Its end is awaited by a pidfd, because the trace takes
 * the ends of all children and the pid may be reused afterwards.
 */
async function pipeTo(output: string): Promise<OpenTarget> {
  const { spawn } = await import('node:child_process')
  const ends = new Int32Array(2)
  call('pipe2', [ends, O_CLOEXEC])
  const [reading = -1, writing = -1] = ends
  const child = spawn('/bin/sh', ['-c', output.slice(1)], { stdio: [reading, 'inherit', 'inherit'] })
  child.on('error', () => {})
  close(reading)
  const reader = child.pid === undefined ? undefined : call('pidfd_open', [child.pid, 0])
  return {
    target: { kind: 'shared', fd: writing, name: output, isStderr: false },
    async close() {
      close(writing)
      child.unref()
      if (reader === undefined) return
      while (!hasEnded(reader)) await new Promise(resolve => setTimeout(resolve, POLL_MS))
      close(reader)
    },
  }
}

/** A pidfd becomes readable when its process is a zombie: pidfd_open(2). */
function hasEnded(pidfd: number): boolean {
  const poll = Int32Array.of(pidfd, POLLIN)
  return syscall(POLL, poll, 1, 0) !== 0
}
