/** Which calls are told, by their names. */
import { i386ByName } from '../linux/i386.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Task } from '../ptrace/task.ts'

/** x32 has the numbers of x86-64 but for a few of its own. */
export function selection(syscalls: readonly string[]): (task: Task, nr: number) => boolean {
  const numbers = new Set(syscalls.map(syscallNumber))
  const narrow = new Set(syscalls.map(name => i386ByName(name)?.nr))
  return (task, nr) => (task.abi === 'i386' ? narrow : numbers).has(nr)
}
