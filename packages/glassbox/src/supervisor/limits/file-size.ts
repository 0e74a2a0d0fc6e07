/** The limit of the size of files (RLIMIT_FSIZE) that a thread has now. It can lower its own. */
import { readFileSync } from 'node:fs'

/** In bytes; undefined if the thread is gone. */
export function fileSizeLimit(tid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${tid}/limits`, 'latin1')
    const soft = /^Max file size\s+(\S+)/m.exec(text)?.[1]
    return soft === 'unlimited' ? Infinity : Number(soft)
  } catch {
    return undefined
  }
}
