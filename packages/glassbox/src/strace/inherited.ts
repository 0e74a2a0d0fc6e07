/**
 * What this command was given beside its three streams, and hands on to the program: as strace
 * does, and as a shell would. bin/inherited.cjs says it in a variable, because Node has changed it
 * by now.
 */
import { closeSync, openSync } from 'node:fs'
import { syscall } from '../gate/gate.ts'
import { O_CLOEXEC, O_RDWR } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Inherited } from '../trace/source.ts'

export const INHERITED_VARIABLE = 'GLASSBOX_INHERITED'
const DUP3 = syscallNumber('dup3')

/** `undefined`: nothing is known, so the program gets the three streams and nothing else. */
export function inheritedFrom(env: Readonly<Record<string, string | undefined>>): Inherited | undefined {
  const [, blocked, ignored, list] =
    /^([0-9a-f]+):([0-9a-f]+):([0-9,]*)$/.exec(env[INHERITED_VARIABLE] ?? '') ?? []
  if (list === undefined) return undefined
  return {
    blocked: BigInt(`0x${blocked}`),
    ignored: BigInt(`0x${ignored}`),
    descriptors: list === '' ? [] : list.split(',').map(Number),
  }
}

/**
 * Lets go of this process's own stdin and stdout once the program has them. Otherwise a writer to
 * the program's stdin, or a reader of its stdout, would not see that the program has closed it.
 */
export function releaseStreams(): void {
  const nothing = openSync('/dev/null', O_RDWR | O_CLOEXEC)
  for (const fd of [0, 1]) if (nothing !== fd) syscall(DUP3, nothing, fd, O_CLOEXEC)
  if (nothing > 1) closeSync(nothing)
}
