/** membarrier(2). On one CPU, the default, every switch between threads is a barrier already. */
import {
  MEMBARRIER_CMD_GLOBAL,
  MEMBARRIER_CMD_GLOBAL_EXPEDITED,
  MEMBARRIER_CMD_PRIVATE_EXPEDITED,
  MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
  MEMBARRIER_CMD_QUERY,
  MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,
  MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
  MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
} from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import type { AddressSpace } from '../../mm/address-space.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'

/** Commands that need no registration. */
const FREE = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED
/** Each command that needs one, and its registration. */
const REGISTERED: ReadonlyMap<number, number> = new Map([
  [MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED],
  [MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE],
])
const REGISTRATIONS: number =
  MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED |
  MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |
  MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE
const ALL = [...REGISTERED.keys()].reduce((bits, command) => bits | command, FREE | REGISTRATIONS)

/** What each space has registered. */
const registered = new WeakMap<AddressSpace, number>()

function membarrier(task: Task, command: number, flags: number): number {
  if (flags !== 0) return -ERRNO.EINVAL
  if (command === MEMBARRIER_CMD_QUERY) return ALL
  const space = task.addressSpace
  const known = registered.get(space) ?? 0
  if (command === MEMBARRIER_CMD_GLOBAL || command === MEMBARRIER_CMD_GLOBAL_EXPEDITED) return 0
  const registration = REGISTERED.get(command)
  if (registration !== undefined) return (known & registration) === 0 ? -ERRNO.EPERM : 0
  const isRegistration = (command & REGISTRATIONS) === command && (command & (command - 1)) === 0
  if (!isRegistration) return -ERRNO.EINVAL
  registered.set(space, known | command)
  return 0
}

export const BARRIER: Family = {
  membarrier: {
    handler: membarrier,
    partly: 'guest threads on other CPUs are not interrupted; with one CPU, the default, that is exact',
  },
}
