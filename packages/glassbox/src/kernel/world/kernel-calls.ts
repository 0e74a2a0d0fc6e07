/** All calls that the kernel serves: the families of files, memory, tasks and IPC in one table. */
import { FILE_FAMILIES } from '../syscalls/files/index.ts'
import { SOCKET_FAMILIES } from '../syscalls/sockets/index.ts'
import { IPC_FAMILIES } from '../syscalls/ipc/index.ts'
import { MEMORY_FAMILIES } from '../syscalls/memory/index.ts'
import { TASK_FAMILIES } from '../syscalls/tasks/index.ts'
import { CallTable } from './call-table.ts'

let made: CallTable | undefined

/** @example kernelCalls().calls().filter(({ support }) => support === 'none') */
export const kernelCalls = (): CallTable =>
  (made ??= new CallTable([
    ...TASK_FAMILIES,
    ...FILE_FAMILIES,
    ...SOCKET_FAMILIES,
    ...MEMORY_FAMILIES,
    ...IPC_FAMILIES,
  ]))
