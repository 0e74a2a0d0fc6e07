/**
 * The cgroup of one program: a group in each hierarchy that is needed, under one name.
 *
 * It is a value: names, and the steps by which a box's init makes the group for a program and
 * removes it again, one program after another under the same name. So nothing of it runs in the
 * Node process, and a group is there only while the box's init is. What is left for this process
 * to do is to change limits, to interpret figures, and to remove what resists.
 *
 * A lock (flock(2)) on the file that each directory is joined by marks it as owned by a living
 * init; it goes with init, whatever ends it, in any PID namespace: see sweep.ts.
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

/** One directory of the group, in one hierarchy: v2 has one for all controllers. */
export interface Part {
  readonly version: 1 | 2
  /** The directory that it is made in. */
  readonly parent: string
  readonly directory: string
  readonly controllers: readonly Controller[]
}

/**
 * A file that figures are read from; its place in `Cgroup.figureFiles` is its place in init's
 * report.
 */
export interface FigureFile {
  readonly part: Part
  readonly file: string
}

export const controlsOf = (version: 1 | 2): Controls => (version === 1 ? V1 : V2)
const COUNTED = ['cpuacct', 'memory', 'pids'] as const

export class Cgroup {
  readonly name: string
  readonly parts: readonly Part[]
  readonly figureFiles: readonly FigureFile[]

  private constructor(places: ReadonlyMap<Controller, Place>) {
    // The process id says who it was; what makes the name unique, also among PID namespaces, is
    // the random part.
    random ??= randomHex(4)
    this.name = `${GROUP_PREFIX}${process.pid}-${random}-${++lastNumber}`
    const entries = [...places]
    this.parts = [...new Map(entries.map(([, place]) => [place.base, place])).values()].map(place => ({
      version: place.version,
      parent: place.base,
      directory: join(place.base, this.name),
      controllers: entries.flatMap(([controller, { base }]) => (base === place.base ? [controller] : [])),
    }))
    this.figureFiles = COUNTED.flatMap(controller => {
      const part = this.#part(controller)
      return controlsOf(part.version).figures[controller].map(file => ({ part, file }))
    })
  }

  /**
   * A group with what `limits` needs, or the reason why this host gives none. Nothing is made yet.
   */
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
    return this.#part(controller).version
  }

  /** Where init reads the CPU time while the program runs: an index of `figureFiles`. */
  get cpuFigure(): number {
    const { cpuTimeFile } = controlsOf(this.version('cpuacct'))
    return this.figureFiles.findIndex(({ file }) => file === cpuTimeFile)
  }

  /** The file of a part by which a process joins it. */
  joinFile({ version }: Part): string {
    return controlsOf(version).joinFile
  }

  /**
   * Gives the children of a v2 directory the controllers that they need, where they do not have
   * them yet.
   */
  enableControllers(): void {
    for (const { version, parent, controllers } of this.parts)
      if (version === 2) enableControllers(parent, controllers)
  }

  /** What is to be written into a part that was just made. */
  firstWrites({ version, parent, controllers }: Part, limits: CgroupLimits): readonly Write[] {
    const controls = controlsOf(version)
    return controllers.flatMap(controller => controls.limit[controller](limits, NEW_GROUP, filesIn(parent)))
  }

  /**
   * Changes the limits of the living group. One on memory below what is used already fails on v1,
   * and kills on v2.
   */
  limit(limits: CgroupLimits): void {
    for (const { version, directory, parent, controllers } of this.parts)
      for (const controller of controllers) {
        const writes = controlsOf(version).limit[controller](limits, filesIn(directory), filesIn(parent))
        writeAll(directory, writes)
      }
  }

  /**
   * What was used, from the texts of `figureFiles`; from the living group where there are none.
   */
  figures(texts?: readonly string[]): Figures {
    const of = (controller: Controller): readonly [Controls, GroupFiles] => {
      const part = this.#part(controller)
      return [controlsOf(part.version), texts ? this.#reported(part, texts) : filesIn(part.directory)]
    }
    const [cpu, cpuFiles] = of('cpuacct')
    const [memory, memoryFiles] = of('memory')
    const [pids, pidsFiles] = of('pids')
    return {
      cpuTime: cpu.cpuTime(cpuFiles),
      peakMemory: memory.peakMemory(memoryFiles),
      oomKills: memory.oomKills(memoryFiles),
      peakProcesses: pids.peakProcesses(pidsFiles),
      refusedProcesses: pids.refusedProcesses(pidsFiles),
    }
  }

  /** An empty text: init could not read the file. */
  #reported(part: Part, texts: readonly string[]): GroupFiles {
    const optional = (file: string): string | undefined => {
      const index = this.figureFiles.findIndex(figure => figure.part === part && figure.file === file)
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
   * Kills whatever is left in it and removes it, with all groups below. Harmless when it is gone
   * already.
   */
  async remove(): Promise<void> {
    const outcomes = await Promise.allSettled(this.parts.map(({ directory }) => removeGroup(directory)))
    const failed = outcomes.find(outcome => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  #part(controller: Controller): Part {
    const part = this.parts.find(({ controllers }) => controllers.includes(controller))
    if (!part) throw cgroupError('find', controller, GONE)
    return part
  }
}

/** What a group says of what ran in it. */
export interface Figures {
  readonly cpuTime: CpuTime
  /** Bytes; `undefined` where this kernel keeps no peak. */
  readonly peakMemory: number | undefined
  /** Processes that the kernel killed because the group's memory was used up. */
  readonly oomKills: number
  readonly peakProcesses: number | undefined
  /** How often a new process was refused. */
  readonly refusedProcesses: number
}

const GONE = { code: 'ENOENT', errno: -2 }
/** Of a group that was just made: no limit stands in its files. */
const NEW_GROUP: GroupFiles = { text: () => '', optional: () => undefined }
