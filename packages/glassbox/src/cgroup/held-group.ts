/**
 * A cgroup that this process makes for one program and removes after its end; for programs without
 * an init. It owns the directories, and descriptors of their join files. As long as these are
 * open they are locked, so no other process takes the group for one that was left behind (see
 * sweep.ts).
 */
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { close } from '../gate/descriptors.ts'
import { call, cString, syscall, systemError } from '../gate/gate.ts'
import { hasClone3 } from '../launch/clone3.ts'
import { AT_FDCWD, LOCK_EX, LOCK_NB, O_CLOEXEC, O_DIRECTORY, O_RDONLY, O_WRONLY } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { CgroupLimits } from './controls.ts'
import { cgroupError, writeAll } from './files.ts'
import type { Cgroup, LimitCounters, Part } from './group.ts'
import { readCounters } from './read-counters.ts'

const LOCK_EX_NB = LOCK_EX | LOCK_NB
const RMDIR = syscallNumber('rmdir')
const OPENAT = syscallNumber('openat')

export class HeldGroup {
  readonly cgroup: Cgroup
  /** Descriptors to which a single-threaded process writes `0` to join. */
  readonly joins: number[] = []
  /** The v2 directory, if the program can be created in it (CLONE_INTO_CGROUP). */
  birth: number | undefined
  /** By the index in `counterFiles`; -1 for a file that this kernel lacks. */
  #counters: readonly number[] | undefined
  readonly #kept: number[] = []
  readonly #made: string[] = []

  private constructor(cgroup: Cgroup) {
    this.cgroup = cgroup
  }

  /** Makes the group and sets its limits. On failure nothing is left. */
  static make(cgroup: Cgroup, limits: CgroupLimits, canBeBorn: boolean = hasClone3()): HeldGroup {
    const group = new HeldGroup(cgroup)
    try {
      for (const part of cgroup.parts) group.#add(part, limits, canBeBorn)
      return group
    } catch (error) {
      group.#letGo()
      for (const directory of group.#made) rmdirSync(directory)
      throw error
    }
  }

  #add(part: Part, limits: CgroupLimits, canBeBorn: boolean): void {
    const { directory, version } = part
    try {
      mkdirSync(directory, 0o755)
    } catch (error) {
      throw cgroupError('make', directory, error)
    }
    this.#made.push(directory)
    const joinFile = this.#open(join(directory, this.cgroup.joinFile(part)), O_WRONLY)
    call('flock', [joinFile, LOCK_EX_NB], directory)
    writeAll(directory, this.cgroup.firstWrites(part, limits))
    if (version === 2 && canBeBorn) this.birth = this.#open(directory, O_RDONLY | O_DIRECTORY)
    else this.joins.push(joinFile)
  }

  #open(path: string, flags: number): number {
    const fd = call('openat', [AT_FDCWD, cString(path), flags | O_CLOEXEC, 0], path)
    this.#kept.push(fd)
    return fd
  }

  /**
   * Opens the files of the counters, so that `counters` takes less time. The group keeps them open
   * from then on.
   */
  openCounters(): readonly number[] {
    this.#counters ??= this.cgroup.counterFiles.map(({ part, file }) => this.#openIfThere(part, file))
    return this.#counters
  }

  #openIfThere({ directory }: Part, file: string): number {
    const path = join(directory, file)
    const fd = syscall(OPENAT, AT_FDCWD, cString(path), O_RDONLY | O_CLOEXEC, 0)
    if (fd < 0 && fd !== -ERRNO.ENOENT) throw systemError('openat', -fd, path)
    if (fd >= 0) this.#kept.push(fd)
    return Math.max(-1, fd)
  }

  /** What the processes used of the limits until now. */
  counters(): LimitCounters {
    return this.cgroup.limitCounters(readCounters(this.openCounters()))
  }

  /** Kills whatever is left in the group, and removes it. */
  async remove(): Promise<void> {
    this.#letGo()
    const left = this.#made.filter(directory => syscall(RMDIR, cString(directory)) < 0)
    this.#made.length = 0
    if (left.length > 0) await this.cgroup.remove()
  }

  #letGo(): void {
    for (const fd of this.#kept.splice(0)) close(fd)
    this.joins.length = 0
    this.#counters = undefined
    this.birth = undefined
  }
}
