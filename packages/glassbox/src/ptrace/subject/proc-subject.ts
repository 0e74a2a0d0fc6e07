/**
 * Answers questions about a thread from the host's /proc: proc(5). Each function reads when it is
 * called; nothing is cached.
 */
import { readdirSync } from 'node:fs'
import { bytesOf, linkOf, orUndefined, textOf } from './reading.ts'

/** Without the trailing newline. */
export function commOf(tid: number): Uint8Array | undefined {
  const bytes = bytesOf(`/proc/${tid}/comm`)
  return bytes?.subarray(0, bytes.length - 1)
}

export const cwdOf = (tid: number): Uint8Array | undefined => linkOf(`/proc/${tid}/cwd`)

export const executableOf = (pid: number): string | undefined => linkOf(`/proc/${pid}/exe`)?.toString()

export const commandLineOf = (pid: number): readonly string[] | undefined =>
  bytesOf(`/proc/${pid}/cmdline`)?.toString().split('\0').slice(0, -1)

/** The first number of schedstat, which not every kernel has. */
export function cpuTimeOf(pid: number, tid: number): number | undefined {
  const text = textOf(`/proc/${pid}/task/${tid}/schedstat`)
  return text === undefined ? undefined : Number(text.split(' ')[0])
}

export const threadCountOf = (pid: number): number | undefined =>
  orUndefined(() => readdirSync(`/proc/${pid}/task`).length)
