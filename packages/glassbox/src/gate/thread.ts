/**
 * Which thread this is. node:worker_threads would tell too, but loading it takes a tenth of what
 * the command needs to start.
 */
import { syscallNumber } from '../linux/syscalls.ts'
import { syscall } from './gate.ts'

let answer: boolean | undefined

/** Whether this is the main thread of the process, and so of Node. */
export function isMainThread(): boolean {
  answer ??= syscall(syscallNumber('gettid')) === process.pid
  return answer
}
