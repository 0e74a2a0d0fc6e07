/** The first program of a world. */
import { RLIMIT_FSIZE } from '../../linux/constants.ts'
import { FOLLOW } from '../fs/path/walk.ts'
import type { FdTable } from '../fs/fd-table.ts'
import type { Location } from '../fs/vfs.ts'
import { AddressSpace } from '../mm/address-space.ts'
import type { TaskCredentials } from './credentials.ts'
import { commOf, imageOf, startImage } from './exec.ts'
import { findExecutable, findProgram } from './executable.ts'
import { endTask } from './exit.ts'
import type { ResourceLimit } from './types.ts'
import { Process, Task } from './state.ts'
import type { WorldState } from './state.ts'

export interface FirstProgram {
  /** The path of the program as bytes; it is not searched for in PATH. */
  readonly path: Uint8Array
  readonly args: readonly Uint8Array[]
  /** NAME=value. */
  readonly env: readonly Uint8Array[]
  readonly root: Location
  readonly cwd: Location
  readonly umask: number
  readonly credentials: TaskCredentials
  readonly files: FdTable
  readonly limits: ResourceLimit[]
}

/**
 * Makes init, which has no task, and the first process with its program. It is ready to run then.
 * 0, or a negative errno as execve(2) gives it: the world can try another path then.
 *
 * @example
 * const error = spawnInit(state, { path: Buffer.from('/bin/true'), args: [Buffer.from('true')], …
 * })
 */
export function spawnInit(world: WorldState, first: FirstProgram): number {
  const caller = {
    credentials: first.credentials,
    fs: { root: first.root, cwd: first.cwd, umask: first.umask },
  }
  const executable = findExecutable(caller, first.cwd, first.path, FOLLOW)
  if (typeof executable === 'number') return executable
  const program = findProgram(world.platform, caller, executable, first.path, first.args)
  if (typeof program === 'number') return program
  const image = imageOf(world.memory, caller, program.executable)
  if (typeof image === 'number') return image

  world.init ??= makeInit(world, first.limits)
  const pid = world.newId()
  const process = new Process(world, pid, world.init, first.limits)
  process.group = pid
  process.session = pid
  process.execed = true
  process.executable = program.executable.location
  const space = new AddressSpace(world.memory)
  space.limits = first.limits
  const thread = world.platform.createThread(space.space)
  const task = new Task(process, pid, thread, space, {
    files: first.files,
    fs: caller.fs,
    credentials: first.credentials,
    comm: commOf(first.path),
  })
  world.first = process
  world.fileSizeLimit = first.limits[RLIMIT_FSIZE]?.soft ?? Infinity
  world.add(task)
  const error = startImage(task, image, program, first.env)
  if (error !== 0) {
    endTask(task)
    world.processes.delete(pid)
    return error
  }
  world.makeReady(task)
  return 0
}

/** The process that takes orphans and reaps them at once. */
function makeInit(world: WorldState, limits: ResourceLimit[]): Process {
  const init = new Process(world, world.newId(), undefined, limits)
  world.processes.set(init.pid, init)
  return init
}
