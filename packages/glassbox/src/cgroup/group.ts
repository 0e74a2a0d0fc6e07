/**
 * The cgroup of one program: one group in each hierarchy that is needed, all of one name.
 *
 * It is a value: names, from which steps.ts makes the plan steps that create and remove the group.
 * The box's init runs those steps for each program, under the same name each time. So a group
 * exists only while the box's init does. This process only changes limits, interprets counters,
 * and removes a group that init could not remove.
 *
 * Init holds a lock (flock(2)) on the join file of each directory. The kernel releases it when
 * init ends, for whatever reason and in whatever PID namespace, so a locked group has a living
 * owner: see sweep.ts.
 */
import { join } from 'node:path'
import { randomHex } from '../gate/random.ts'
import { type CgroupLimits, type Controls, type CpuTime, V1, V2 } from './controls.ts'
import { cgroupError, filesIn, type GroupFiles, type Write, writeAll } from './files.ts'
import { type CgroupSupport, type Controller, detectCgroups, type Place } from './hierarchy.ts'
import { enableControllers } from './leaf.ts'
import { removeGroup } from './remove.ts'

export const GROUP_PREFIX = 'glassbox-'

let random: string | undefined

let lastNumber = 0

/** One directory of the group, in one hierarchy. In v2 one directory serves all controllers. */
export interface Part {
  readonly version: 1 | 2
  /** The directory in which it is made. */
  readonly parent: string
  readonly directory: string
  readonly controllers: readonly Controller[]
}

/**
 * A file from which counters are read. Its index in `Cgroup.counterFiles` is the index of its text
 * in init's report.
 */
export interface CounterFile {
  readonly part: Part
  readonly file: string
}

export const controlsOf = (version: 1 | 2): Controls => (version === 1 ? V1 : V2)
const COUNTED = ['memory', 'pids', 'cpuacct'] as const

export interface GroupOptions {
  /** Default: a name that no other group has. */
  readonly name?: string
  /** The controllers whose counters are read. Default: all of them. */
  readonly counted?: readonly (typeof COUNTED)[number][]
}

/**
 * The process id helps people to find the owner. The random part makes the name unique, across PID
 * namespaces too.
 */
function newName(): string {
  random ??= randomHex(4)
  return `${GROUP_PREFIX}${process.pid}-${random}-${++lastNumber}`
}

export class Cgroup {
  readonly name: string
  readonly parts: readonly Part[]
  readonly counterFiles: readonly CounterFile[]
  /** Files that init reads while the program runs. They follow the counter files. */
  readonly watchedFiles: readonly CounterFile[]

  private constructor(name: string, places: ReadonlyMap<Controller, Place>) {
    this.name = name
    const entries = [...places]
    this.parts = [...new Map(entries.map(([, place]) => [place.base, place])).values()].map(place => ({
      version: place.version,
      parent: place.base,
      directory: join(place.base, this.name),
      controllers: entries.flatMap(([controller, { base }]) => (base === place.base ? [controller] : [])),
    }))
    this.counterFiles = (['cpuacct', 'memory', 'pids'] as const)
      .filter(each => places.has(each))
      .flatMap(controller => {
        const part = this.#part(controller)
        return controlsOf(part.version).counters[controller].map(file => ({ part, file }))
      })
    this.watchedFiles = this.parts
      .filter(({ controllers }) => controllers.includes('memory'))
      .map(part => ({ part, file: controlsOf(part.version).memoryFile }))
  }

  /**
   * A group with the controllers that `limits` needs, or the reason why this host cannot offer it.
   * Creates nothing yet.
   */
  static plan(
    limits: CgroupLimits,
    support: CgroupSupport = detectCgroups(),
    { name = newName(), counted = COUNTED }: GroupOptions = {},
  ): Cgroup | { readonly missing: string } {
    const wanted: Controller[] = [...counted]
    if (limits.cpus !== undefined) wanted.push('cpu')
    if (limits.cpuset !== undefined || limits.memoryNodes !== undefined) wanted.push('cpuset')
    const places = new Map<Controller, Place>()
    for (const controller of wanted) {
      const found = support[controller]
      if ('missing' in found) return { missing: `${controller}: ${found.missing}` }
      places.set(controller, found.place)
    }
    return new Cgroup(name, places)
  }

  version(controller: Controller): 1 | 2 {
    return this.#part(controller).version
  }

  /**
   * The index in `counterFiles` of the file from which init reads the CPU time while the program
   * runs.
   */
  get cpuCounter(): number {
    const { cpuTimeFile } = controlsOf(this.version('cpuacct'))
    return this.counterFiles.findIndex(({ file }) => file === cpuTimeFile)
  }

  /** The file to which a process writes to join a part. */
  joinFile({ version }: Part): string {
    return controlsOf(version).joinFile
  }

  /**
   * Enables the needed controllers for the children of the v2 parent, if they are not enabled
   * yet.
   */
  enableControllers(): void {
    for (const { version, parent, controllers } of this.parts)
      if (version === 2) enableControllers(parent, controllers)
  }

  /** The writes that set the limits of a part that was just made. */
  firstWrites({ version, parent, controllers }: Part, limits: CgroupLimits): readonly Write[] {
    const controls = controlsOf(version)
    return controllers.flatMap(controller => controls.limit[controller](limits, NEW_GROUP, filesIn(parent)))
  }

  /**
   * Changes the limits of the living group. A memory limit below the current use fails on v1, and
   * makes the kernel kill processes on v2.
   */
  limit(limits: CgroupLimits): void {
    for (const { version, directory, parent, controllers } of this.parts)
      for (const controller of controllers) {
        const writes = controlsOf(version).limit[controller](limits, filesIn(directory), filesIn(parent))
        writeAll(directory, writes)
      }
  }

  /**
   * What was used: from `texts`, the contents of `counterFiles`, or from the files of the living
   * group if `texts` is not given.
   */
  counters(texts?: readonly string[]): Counters {
    const [cpu, cpuFiles] = this.#files('cpuacct', texts)
    return { cpuTime: cpu.cpuTime(cpuFiles), ...this.limitCounters(texts) }
  }

  /** The counters of what the group limits: all but the CPU time. */
  limitCounters(texts?: readonly string[]): LimitCounters {
    const [memory, memoryFiles] = this.#files('memory', texts)
    const [pids, pidsFiles] = this.#counts('pids') ? this.#files('pids', texts) : NOT_COUNTED
    return {
      peakMemory: memory.peakMemory(memoryFiles),
      oomKills: memory.oomKills(memoryFiles),
      peakProcesses: pids.peakProcesses(pidsFiles),
      refusedProcesses: pids.refusedProcesses(pidsFiles),
    }
  }

  #files(controller: Controller, texts?: readonly string[]): readonly [Controls, GroupFiles] {
    const part = this.#part(controller)
    return [controlsOf(part.version), texts ? this.#reported(part, texts) : filesIn(part.directory)]
  }

  /** Files whose texts init reported. An empty text means that init could not read the file. */
  #reported(part: Part, texts: readonly string[]): GroupFiles {
    const optional = (file: string): string | undefined => {
      const index = this.counterFiles.findIndex(counter => counter.part === part && counter.file === file)
      return texts[index] === '' ? undefined : texts[index]
    }
    const text = (file: string): string => {
      const found = optional(file)
      if (found === undefined) throw cgroupError('read', join(part.directory, file), GONE)
      return found
    }
    return { text, optional }
  }

  /**
   * Kills every process left in the group and removes it, with all groups below. Does nothing if
   * the group no longer exists.
   */
  async remove(): Promise<void> {
    const outcomes = await Promise.allSettled(this.parts.map(({ directory }) => removeGroup(directory)))
    const failed = outcomes.find(outcome => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  #counts(controller: Controller): boolean {
    return this.parts.some(({ controllers }) => controllers.includes(controller))
  }

  #part(controller: Controller): Part {
    const part = this.parts.find(({ controllers }) => controllers.includes(controller))
    if (!part) throw cgroupError('find', controller, GONE)
    return part
  }
}

/** What all processes that ran in a group used of its limits. */
export interface LimitCounters {
  /** Bytes; `undefined` if this kernel does not record the peak. */
  readonly peakMemory: number | undefined
  /** Processes that the kernel killed because the group's memory was used up. */
  readonly oomKills: number
  readonly peakProcesses: number | undefined
  /** How often the kernel refused a new process. */
  readonly refusedProcesses: number
}

export interface Counters extends LimitCounters {
  readonly cpuTime: CpuTime
}

const GONE = { code: 'ENOENT', errno: -2 }
/** Of a controller that the group was planned without. */
const NOT_COUNTED: readonly [Controls, GroupFiles] = [V2, { text: () => '', optional: () => undefined }]
/** The files of a group that was just made: none has a limit yet. */
const NEW_GROUP: GroupFiles = { text: () => '', optional: () => undefined }
