/**
 * The cgroup of one program: a group in each hierarchy that is needed, under one name.
 *
 * Life: constructed (the names are known, nothing is made) → `create` → the program joins → figures → `remove`. The names
 * come first so that the box's init can be told what to remove if this process is killed between any two steps.
 *
 * Owns the directories it made and the descriptors it opened. A lock (flock(2)) on each directory marks it as owned by a
 * living process; it goes with the process, whatever ends it, in any PID namespace: see sweep.ts.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { syscall } from '../gate/gate.ts'
import { O_CLOEXEC, O_DIRECTORY, O_RDONLY } from '../linux/constants.ts'
import { ERRNO, errnoName } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { type CgroupLimits, type Controls, type CpuTime, V1, V2 } from './controls.ts'
import { cgroupError, closeAll, openControl, readOptional, writeControl } from './files.ts'
import { type CgroupSupport, type Controller, detectCgroups, type Place } from './hierarchy.ts'
import { removeGroup } from './remove.ts'

export const GROUP_PREFIX = 'glassbox-'
const LOCK_EX_NB = 2 | 4

const RANDOM = randomBytes(4).toString('hex')

let lastNumber = 0

/** One directory of the group, in one hierarchy: v2 has one for all controllers. */
interface Part {
  readonly place: Place
  readonly directory: string
  readonly controllers: readonly Controller[]
}

/** Where init reads the CPU time, and in which form; see native/wire.h. */
export interface CpuTimeSource {
  readonly fd: number
  readonly version: 1 | 2
}

const controlsOf = (version: 1 | 2): Controls => (version === 1 ? V1 : V2)

export class Cgroup {
  readonly name: string
  readonly #parts: readonly Part[]
  readonly #descriptors: number[] = []
  #made: string[] = []

  private constructor(places: ReadonlyMap<Controller, Place>) {
    // The process id says who it was; what makes the name unique, also among PID namespaces, is the random part.
    this.name = `${GROUP_PREFIX}${process.pid}-${RANDOM}-${++lastNumber}`
    const directories = new Map<string, { place: Place; controllers: Controller[] }>()
    for (const [controller, place] of places) {
      const known = directories.get(place.base)
      if (known) known.controllers.push(controller)
      else directories.set(place.base, { place, controllers: [controller] })
    }
    this.#parts = [...directories.values()].map(part => ({
      ...part,
      directory: join(part.place.base, this.name),
    }))
  }

  /** A group with what `limits` needs, or the reason why this host gives none. Nothing is made yet. */
  static plan(
    limits: CgroupLimits,
    support: CgroupSupport = detectCgroups(),
  ): Cgroup | { readonly missing: string } {
    const wanted: Controller[] = ['memory', 'pids', 'cpuacct']
    if (limits.cpus !== undefined) wanted.push('cpu')
    if (limits.cpuset !== undefined) wanted.push('cpuset')
    const places = new Map<Controller, Place>()
    for (const controller of wanted) {
      const found = support[controller]
      if ('missing' in found) return { missing: `${controller}: ${found.missing}` }
      places.set(controller, found.place)
    }
    return new Cgroup(places)
  }

  version(controller: Controller): 1 | 2 {
    return this.#part(controller).place.version
  }

  /** The version of each hierarchy that the group has a directory in. */
  versions(): (1 | 2)[] {
    return this.#parts.map(({ place }) => place.version)
  }

  /** The directories to remove: each as its parent and its name. */
  leaves(): readonly { readonly parent: string; readonly name: string }[] {
    return this.#parts.map(({ place }) => ({ parent: place.base, name: this.name }))
  }

  /** Makes the directories and writes the limits. On failure what was made is removed. */
  create(limits: CgroupLimits): void {
    try {
      for (const part of this.#parts) this.#createPart(part)
      this.limit(limits)
    } catch (error) {
      this.remove().catch(() => {}) // the first error is the news
      throw error
    }
  }

  /** Writes limits. A limit on memory below what is used already fails on v1, and kills on v2. */
  limit(limits: CgroupLimits): void {
    for (const { place, directory, controllers } of this.#parts)
      for (const controller of controllers) controlsOf(place.version).limit[controller](directory, limits)
  }

  #createPart({ place, directory, controllers }: Part): void {
    if (place.version === 2) enableControllers(place.base, controllers)
    try {
      mkdirSync(directory)
    } catch (error) {
      throw cgroupError('make', directory, error)
    }
    this.#made.push(directory)
    this.#lock(directory)
  }

  #lock(directory: string): void {
    const fd = openSync(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    this.#descriptors.push(fd)
    const locked = syscall(syscallNumber('flock'), fd, LOCK_EX_NB)
    if (locked < 0) throw cgroupError('lock', directory, { code: errnoName(-locked), errno: locked })
  }

  /** Descriptors of `cgroup.procs` to join by: a process writes `0` to each. Only for the v1 hierarchies. */
  joinFds(): number[] {
    return this.#parts
      .filter(({ place }) => place.version === 1)
      .map(({ directory }) => this.#keep(openControl(join(directory, 'cgroup.procs'), 'w')))
  }

  /** A descriptor of the v2 directory, to be born in (CLONE_INTO_CGROUP, Linux 5.7); none where v2 has no part in it. */
  directoryFd(): number | undefined {
    const part = this.#parts.find(({ place }) => place.version === 2)
    return part && this.#keep(openSync(part.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
  }

  cpuTimeSource(): CpuTimeSource {
    const { place, directory } = this.#part('cpuacct')
    const file = controlsOf(place.version).cpuTimeFile
    return { fd: this.#keep(openControl(join(directory, file), 'r')), version: place.version }
  }

  cpuTime(): CpuTime {
    return this.#read('cpuacct', (controls, directory) => controls.cpuTime(directory))
  }

  /** Bytes; `undefined` where this kernel keeps no peak. */
  peakMemory(): number | undefined {
    return this.#read('memory', (controls, directory) => controls.peakMemory(directory))
  }

  /** Processes that the kernel killed because the group's memory was used up. */
  oomKills(): number {
    return this.#read('memory', (controls, directory) => controls.oomKills(directory))
  }

  peakProcesses(): number | undefined {
    return this.#read('pids', (controls, directory) => controls.peakProcesses(directory))
  }

  /** How often a new process was refused. */
  refusedProcesses(): number {
    return this.#read('pids', (controls, directory) => controls.refusedProcesses(directory))
  }

  /** Kills whatever is left in it and removes it, with all groups below. Harmless when it is gone already. */
  async remove(): Promise<void> {
    closeAll(this.#descriptors.splice(0))
    const failures: unknown[] = []
    for (const directory of this.#made.toReversed()) {
      try {
        await removeGroup(directory)
        this.#made = this.#made.filter(made => made !== directory)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  #keep(fd: number): number {
    this.#descriptors.push(fd)
    return fd
  }

  #part(controller: Controller): Part {
    const part = this.#parts.find(({ controllers }) => controllers.includes(controller))
    if (!part) throw cgroupError('find', controller, { code: 'ENOENT' })
    return part
  }

  #read<T>(controller: Controller, read: (controls: Controls, directory: string) => T): T {
    const { place, directory } = this.#part(controller)
    return read(controlsOf(place.version), directory)
  }
}

/** Gives the children of a v2 directory the controllers that they need, where they do not have them yet. */
function enableControllers(base: string, controllers: readonly Controller[]): void {
  const path = join(base, 'cgroup.subtree_control')
  const enabled = (readOptional(path) ?? '').split(/\s+/)
  const names = controllers.filter(controller => controller !== 'cpuacct')
  const missing = names.filter(name => !enabled.includes(name))
  if (missing.length > 0) writeControl(path, missing.map(name => `+${name}`).join(' '))
}

/** Whether another open of the directory holds its lock: then its owner lives. */
export function isOwned(directory: string): boolean {
  const fd = openSync(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  try {
    return syscall(syscallNumber('flock'), fd, LOCK_EX_NB) === -ERRNO.EAGAIN
  } finally {
    closeSync(fd)
  }
}
