/** A task that has an address space and open files, and nothing else. */
import { AddressSpace } from '#glassbox/kernel/mm/address-space.js'
import type { Mappable } from '#glassbox/kernel/mm/mappable.js'
import type { WorldMemory } from '#glassbox/kernel/mm/world-memory.js'
import { MEMORY_FAMILIES } from '#glassbox/kernel/syscalls/memory/index.js'
import type { Task } from '#glassbox/kernel/task/types.js'
import { errnoName } from '#glassbox/linux/errno.js'

const HANDLERS = new Map(MEMORY_FAMILIES.flatMap(family => Object.entries(family)))

export class MemoryTask {
  readonly space: AddressSpace
  readonly files: Map<number, object> = new Map()
  readonly limits: { soft: number; hard: number }[]
  readonly credentials = { privileged: true }
  readonly #task: Task

  constructor(world: WorldMemory, space: AddressSpace = new AddressSpace(world)) {
    this.space = space
    this.limits = Array.from({ length: 16 }, () => ({ soft: Infinity, hard: Infinity }))
    space.limits = this.limits
    this.#task = {
      addressSpace: space,
      memory: space.memory,
      files: this.files,
      process: { limits: this.limits },
      credentials: this.credentials,
      world: { memory: world, platform: world.platform, tasks: new Map() },
    } as unknown as Task
  }

  /** Makes a call. The tests give numbers of the right kind, as the dispatcher does. */
  call(name: string, ...args: number[]): number {
    const entry = HANDLERS.get(name)
    if (entry === undefined) throw new Error(`no call ${name}`)
    const handler = typeof entry === 'function' ? entry : entry.handler
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args
    return handler(this.#task, a, b, c, d, e, f)
  }

  /** The name of the error, or `ok`. */
  outcome(name: string, ...args: number[]): string {
    const result = this.call(name, ...args)
    return result < 0 ? errnoName(-result) : 'ok'
  }

  /** Opens a file with these flags of open(2). */
  open(fd: number, mappable: Mappable | undefined, flags: number, noExec = false): void {
    const file = {
      flags,
      mappable,
      name: `file ${fd}`,
      location: undefined,
      attributes: () => ({ dev: 1, ino: fd }),
    }
    this.files.set(fd, noExec ? { ...file, location: { mount: { noExec } } } : file)
  }
}
