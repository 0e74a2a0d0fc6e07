/**
 * The plan steps that make a group for a program and remove it afterwards. They name everything
 * relative to descriptors of the parent directories. The box holds no other descriptor of the
 * host's tree, and holds these only until the program is cloned.
 */
import { join } from 'node:path'
import {
  AT_REMOVEDIR,
  LOCK_EX,
  LOCK_NB,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  O_WRONLY,
} from '../linux/constants.ts'
import { hasClone3 } from '../launch/clone3.ts'
import { ERRNO } from '../linux/errno.ts'
import { type PlanBuilder, text } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'
import type { CgroupLimits } from './controls.ts'
import type { Write } from './files.ts'
import type { Cgroup, Part } from './group.ts'

const LOCK_EX_NB = LOCK_EX | LOCK_NB
const MODE = 0o755

/** Removes the group of the last program. A group that does not exist is not an error. */
export function addRemoveSteps(builder: PlanBuilder, group: Cgroup, parents: readonly Slot[]): void {
  for (const [index, { directory }] of group.parts.entries()) {
    builder.call(
      'unlinkat',
      [slotOf(parents, index), text(group.name), AT_REMOVEDIR],
      `remove ${directory}`,
      { onError: [ERRNO.ENOENT] },
    )
  }
}

/** How many descriptors `addMakeSteps` keeps open. */
export const keptBy = ({ parts, counterFiles, watchedFiles }: Cgroup): number =>
  parts.length + counterFiles.length + watchedFiles.length

export interface MadeGroup {
  /**
   * Descriptors of the join files: a single-threaded process joins by writing `0` to each. For v1
   * hierarchies, and for v2 if the program cannot be created in its group.
   */
  readonly joins: readonly number[]
  /**
   * A descriptor of the v2 directory, in which the program is created (CLONE_INTO_CGROUP of
   * clone3, Linux 5.7).
   */
  readonly birth: Slot | undefined
  /** The descriptor of the first counter file. The others follow it, then the watched files. */
  readonly firstCounter: number
}

/**
 * Makes the group, locks it, writes the limits, and keeps its files open from descriptor `keep`
 * on: first the join file of each part, then the counter files, then those that init watches.
 */
export function addMakeSteps(
  builder: PlanBuilder,
  group: Cgroup,
  parents: readonly Slot[],
  limits: CgroupLimits,
  keep: number,
  canBeBorn: boolean = hasClone3(),
): MadeGroup {
  const steps = new GroupSteps(builder, group.name)
  for (const [index, part] of group.parts.entries()) {
    const parent = slotOf(parents, index)
    builder.call('mkdirat', [parent, text(group.name), MODE], `make ${part.directory}`)
    steps.keep(parent, part, group.joinFile(part), keep + index, O_WRONLY)
    builder.call('flock', [keep + index, LOCK_EX_NB], `lock ${part.directory}`)
    for (const write of group.firstWrites(part, limits)) steps.write(parent, part, write)
  }
  const firstCounter = keep + group.parts.length
  for (const [index, { part, file }] of [...group.counterFiles, ...group.watchedFiles].entries())
    steps.keep(slotOf(parents, group.parts.indexOf(part)), part, file, firstCounter + index, O_RDONLY)
  const born = canBeBorn ? group.parts.findIndex(({ version }) => version === 2) : -1
  const birth = born < 0 ? undefined : builder.slot('cgroup')
  if (birth) {
    const { directory } = group.parts[born] as Part
    builder.call(
      'openat',
      [slotOf(parents, born), text(group.name), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0],
      `open ${directory}`,
      { result: birth },
    )
  }
  const joins = group.parts.flatMap((_, index) => (index === born ? [] : [keep + index]))
  return { joins, birth, firstCounter }
}

class GroupSteps {
  readonly #builder: PlanBuilder
  readonly #name: string
  readonly #fd: Slot

  constructor(builder: PlanBuilder, name: string) {
    this.#builder = builder
    this.#name = name
    this.#fd = builder.slot('control file')
  }

  #open(parent: Slot, part: Part, file: string, flags: number, optional: boolean): void {
    this.#builder.call(
      'openat',
      [parent, text(`${this.#name}/${file}`), flags | O_CLOEXEC, 0],
      `open ${join(part.directory, file)}`,
      { result: this.#fd, onError: optional ? 'ignore' : 'fail' },
    )
  }

  /**
   * Keeps a file open. A counter file may be missing: `Cgroup.counters` knows which are optional.
   */
  keep(parent: Slot, part: Part, file: string, descriptor: number, flags: number): void {
    const optional = flags === O_RDONLY
    this.#open(parent, part, file, flags, optional)
    this.#builder.call('dup3', [this.#fd, descriptor, O_CLOEXEC], `keep ${file}`, {
      onError: optional ? 'ignore' : 'fail',
    })
    this.#close(optional)
  }

  write(parent: Slot, part: Part, { file, value, optional = false }: Write): void {
    const bytes = Buffer.from(value)
    this.#open(parent, part, file, O_WRONLY, optional)
    this.#builder.call(
      'write',
      [this.#fd, { bytes }, bytes.length],
      `write ${value} to ${join(part.directory, file)}`,
      { onError: optional ? [ERRNO.EBADF] : 'fail' },
    )
    this.#close(optional)
  }

  #close(optional: boolean): void {
    this.#builder.call('close', [this.#fd], 'close it', { onError: optional ? 'ignore' : 'fail' })
  }
}

function slotOf(slots: readonly Slot[], index: number): Slot {
  const slot = slots[index]
  if (!slot) throw new RangeError(`no descriptor for part ${index} of the group`)
  return slot
}
