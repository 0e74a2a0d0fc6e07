/** Reading clocks. Nobody can set one: the world's clock is its maker's. */
import { CLOCK_MONOTONIC_COARSE, CLOCK_REALTIME_COARSE } from '../../../../linux/constants.ts'
import { EFAULT, EINVAL, EPERM } from '../../../../linux/errno-numbers.ts'
import type { Task } from '../../../task/state.ts'
import { clockSource, isReal } from '../../../task/timing/clocks.ts'
import { family } from '../family.ts'
import { writeTimespec } from '../structs.ts'

function gettime(task: Task, id: number, address: number): number {
  const { clock } = task.world
  const { memory } = task
  // Nanoseconds since 1970 in one number would not be exact.
  if (isReal(id)) {
    const error = memory.writeInt64(address, clock.realSeconds())
    return error === 0 ? memory.writeInt64(address + 8, clock.realNanoseconds()) : error
  }
  const source = clockSource(task, id)
  return source === undefined ? -EINVAL : writeTimespec(memory, address, source.now())
}

const COARSE_NS = 4_000_000

function getres(task: Task, id: number, address: number): number {
  if (clockSource(task, id) === undefined) return -EINVAL
  if (address === 0) return 0
  const isCoarse = id === CLOCK_REALTIME_COARSE || id === CLOCK_MONOTONIC_COARSE
  return writeTimespec(task.memory, address, isCoarse ? COARSE_NS : 1)
}

function gettimeofday(task: Task, address: number, zone: number): number {
  const { clock } = task.world
  const { memory } = task
  if (address !== 0) {
    if (memory.writeInt64(address, clock.realSeconds()) !== 0) return -EFAULT
    const microseconds = Math.floor(clock.realNanoseconds() / 1000)
    if (memory.writeInt64(address + 8, microseconds) !== 0) return -EFAULT
  }
  return zone === 0 ? 0 : memory.writeInt64(zone, 0)
}

function time(task: Task, address: number): number {
  const seconds = task.world.clock.realSeconds()
  if (address !== 0 && task.memory.writeInt64(address, seconds) !== 0) return -EFAULT
  return seconds
}

const REFUSED = { handler: (): number => -EPERM, partly: 'clocks cannot be set' }

export const CLOCKS: ReturnType<typeof family> = family({
  clock_gettime: gettime,
  clock_getres: getres,
  gettimeofday,
  time,
  clock_settime: REFUSED,
  settimeofday: REFUSED,
  adjtimex: REFUSED,
  clock_adjtime: REFUSED,
})
