/** What tasks and worlds are made of. */
import type { FdTable } from '../fs/fd-table.ts'
import type { FsContext, Mount } from '../fs/vfs.ts'
import type { WorldMemory } from '../mm/world-memory.ts'
import type { Platform } from '../platform/platform.ts'
import type { TimerQueue } from '../wait/timers.ts'
import type { TaskCredentials } from './credentials.ts'
import { Ipc } from './ipc/ipc.ts'
import type { Clock, Task, WorldLimits } from './types.ts'

export interface TaskShares {
  readonly files: FdTable
  readonly fs: FsContext
  readonly credentials: TaskCredentials
  readonly comm: string
}

export interface WorldOptions {
  readonly platform: Platform
  readonly timers: TimerQueue
  readonly clock: Clock
  readonly random: (target: Uint8Array) => void
  readonly hostname: string
  readonly root: Mount
  readonly limits: WorldLimits
  readonly memory: WorldMemory
}

/** What a world is made of: given once by its maker. */
export abstract class WorldParts {
  abstract readonly current: Task
  readonly platform: Platform
  readonly timers: TimerQueue
  readonly clock: Clock
  readonly random: (target: Uint8Array) => void
  readonly root: Mount
  readonly limits: WorldLimits
  readonly memory: WorldMemory
  readonly ipc: Ipc
  hostname: string
  domainName = '(none)'

  constructor(options: WorldOptions) {
    this.platform = options.platform
    this.timers = options.timers
    this.clock = options.clock
    this.random = options.random
    this.hostname = options.hostname
    this.root = options.root
    this.limits = options.limits
    this.memory = options.memory
    this.ipc = new Ipc(options.memory, {
      now: () => this.clock.realSeconds(),
      pid: () => this.current.process.pid,
    })
  }
}
