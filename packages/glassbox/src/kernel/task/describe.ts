/** The state of a world in words, a line a thread: for the report of a watchdog. */
import { syscallByNumber } from '../../linux/syscalls.ts'
import type { Task, WorldState } from './state.ts'

/**
 * @example
 * describeTasks(state) // ['2/2 sh: waits in wait4', '3/3 sleep: waits in clock_nanosleep until
 * 1.5 s']
 */
export function describeTasks(world: WorldState): string[] {
  return [...world.tasks.values()].map(
    task => `${task.process.pid}/${task.tid} ${task.comm}: ${stateOf(task)}`,
  )
}

function stateOf(task: Task): string {
  if (task.process.stopSignal !== 0) return `is stopped by signal ${task.process.stopSignal}`
  if (task.running) return 'runs'
  if (task.parked) return 'is parked for its child'
  const { wait } = task
  if (wait === undefined) return `is ready after ${nameOf(task.nr)}`
  const now = task.world.clock.monotonic()
  const left = wait.deadlineNs === undefined ? '' : `, for ${((wait.deadlineNs - now) / 1e9).toFixed(3)} s`
  const pending = task.interrupted ? ', with a signal pending' : ''
  return `waits in ${nameOf(task.nr)}${left}${pending}`
}

const nameOf = (nr: number): string => syscallByNumber(nr)?.name ?? `call ${nr}`
