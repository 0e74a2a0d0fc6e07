/** Which calls are told, by their names. */
import { syscallNumber } from '../linux/syscalls.ts'
import type { Task } from './task.ts'

/** x32 has the numbers of x86-64 but for a few of its own; what comes by `int 0x80` is told always, since nobody asked by its numbers. */
export function selection(syscalls: readonly string[]): (task: Task, nr: number) => boolean {
  const numbers = new Set(syscalls.map(syscallNumber))
  return (task, nr) => task.abi === 'i386' || numbers.has(nr)
}
