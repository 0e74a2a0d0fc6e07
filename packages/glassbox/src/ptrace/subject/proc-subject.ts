/**
 * Answers questions about a thread from the host's /proc: proc(5). Each function reads when it is
 * called; nothing is cached.
 */
import { readdirSync } from 'node:fs'
import { bytesOf, linkOf, orUndefined, textOf } from './reading.ts'
import { procOf } from './proc-id.ts'

/** Without the trailing newline. */
export function commOf(tid: number): Uint8Array | undefined {
  const bytes = bytesOf(`${procOf(tid)}/comm`)
  return bytes?.subarray(0, bytes.length - 1)
}

export const cwdOf = (tid: number): Uint8Array | undefined => linkOf(`${procOf(tid)}/cwd`)

export const executableOf = (pid: number): string | undefined => linkOf(`${procOf(pid)}/exe`)?.toString()

export const commandLineOf = (pid: number): readonly string[] | undefined =>
  bytesOf(`${procOf(pid)}/cmdline`)
    ?.toString()
    .split('\0')
    .slice(0, -1)

/** The first number of schedstat, which not every kernel has. */
export function cpuTimeOf(tid: number): number | undefined {
  const text = textOf(`${procOf(tid)}/schedstat`)
  return text === undefined ? undefined : Number(text.split(' ')[0])
}

export const threadCountOf = (pid: number): number | undefined =>
  orUndefined(() => readdirSync(`${procOf(pid)}/task`).length)
