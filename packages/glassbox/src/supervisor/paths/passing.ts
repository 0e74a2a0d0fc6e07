/**
 * What the native step of the supervisor knows about paths: calls that name a granted file pass
 * without JavaScript (native/pass.c), or are made by it (native/perform.c). Whatever is not found
 * there is decided by path-judge.ts, so leaving something out costs time only.
 *
 * Owns a descriptor for each granted directory of each program that runs.
 */
import { close } from '../../gate/descriptors.ts'
import {
  ALL_PASS,
  MAKE,
  MOST_TABLES,
  NO_ARGUMENT,
  PASSED_CALLS,
  PASSED_CALLS_LAYOUT,
  PASSED_KIND_LAYOUT,
  PASSED_KINDS,
  POWER_LAYOUT,
  PREFIXES_LAYOUT,
  TASK_SLOT_LAYOUT,
  TASK_SLOTS,
  USE_BY_FLAGS,
} from '../../gate/generated/layouts.ts'
import type { Passing } from '../../gate/ptrace.ts'
import { ACCESS } from '../../policy/resolved.ts'
import type { Decisions, ProgramSpec } from '../contract.ts'
import { keepGroups, powerOf } from './as-program.ts'
import { type PathCall, pathCalls } from './path-calls.ts'
import type { Prefixes } from './prefixes.ts'

/** Names no table, so no call passes. */
const NO_TABLE = -1
const SLOT_WORDS = TASK_SLOT_LAYOUT.SIZE / 4

/** Calls that the native step makes, by the way in which it makes them. */
const MADE: Readonly<Record<string, number>> = {
  ...{ stat: MAKE.stat, lstat: MAKE.stat, newfstatat: MAKE.stat, statx: MAKE.statx },
  ...{ access: MAKE.access, faccessat: MAKE.access, faccessat2: MAKE.access },
  ...{ readlink: MAKE.readlink, readlinkat: MAKE.readlink },
}

/** Who makes a call that the native step decides: MAKE. Undefined: it decides no such call. */
function makeOf({ name, maker, use, nofollow, atFlags }: PathCall): number | undefined {
  if (maker !== 'kernel') return MADE[name]
  // A program is judged with its interpreter, so that the denial of that one is named too.
  if (use === 'execute') return undefined
  // unlinkat only says by them what it removes; others may mean the descriptor itself.
  return atFlags === undefined || nofollow ? MAKE.byKernel : undefined
}

/** The kind of a call that names one file by its path; undefined if it is not decided there. */
function kindOf(call: PathCall): number[] | undefined {
  const { paths, descriptor, use, nofollow, openFlags, atFlags } = call
  const [path] = paths
  const make = makeOf(call)
  if (make === undefined || descriptor || paths.length !== 1 || path?.path === undefined) return undefined
  const kind = Array<number>(PASSED_KIND_LAYOUT.SIZE).fill(0)
  kind[PASSED_KIND_LAYOUT.path] = path.path
  kind[PASSED_KIND_LAYOUT.dirfd] = path.dirfd ?? NO_ARGUMENT
  kind[PASSED_KIND_LAYOUT.flags] = openFlags ?? NO_ARGUMENT
  kind[PASSED_KIND_LAYOUT.use] = use === 'open' ? USE_BY_FLAGS : ACCESS[use]
  kind[PASSED_KIND_LAYOUT.nofollow] = nofollow ? 1 : 0
  kind[PASSED_KIND_LAYOUT.make] = make
  kind[PASSED_KIND_LAYOUT.atFlags] = atFlags ?? NO_ARGUMENT
  return kind
}

/** struct passed_calls. */
function passedCalls(): Uint8Array {
  const bytes = new Uint8Array(PASSED_CALLS_LAYOUT.SIZE).fill(PASSED_KINDS, 0, PASSED_CALLS)
  const kinds: string[] = []
  for (const call of pathCalls().values()) {
    const kind = call.nr < PASSED_CALLS ? kindOf(call) : undefined
    if (!kind) continue
    const key = kind.join(' ')
    if (!kinds.includes(key)) kinds.push(key)
    const index = kinds.indexOf(key)
    if (index >= PASSED_KINDS) continue
    bytes[PASSED_CALLS_LAYOUT.kind + call.nr] = index
    bytes.set(kind, PASSED_CALLS_LAYOUT.kinds + index * PASSED_KIND_LAYOUT.SIZE)
  }
  return bytes
}

/** Writes struct power, for calls that are made for a program of this user. */
function writePower(view: DataView, user: ProgramSpec['user']): void {
  const { identity, losesCapabilities, before, without, ownUid, isDumpable } = powerOf(user)
  const at = PREFIXES_LAYOUT.power
  const write = (field: number, value: number): void => view.setUint32(at + field, value, true)
  write(POWER_LAYOUT.changesIds, identity ? 1 : 0)
  write(POWER_LAYOUT.changesCapabilities, losesCapabilities ? 1 : 0)
  write(POWER_LAYOUT.dumpable, isDumpable ? 1 : 0)
  write(POWER_LAYOUT.uid, identity?.uid ?? 0)
  write(POWER_LAYOUT.gid, identity?.gid ?? 0)
  write(POWER_LAYOUT.ownUid, ownUid)
  for (const [index, word] of before.entries()) write(POWER_LAYOUT.before + 4 * index, word)
  for (const [index, word] of without.entries()) write(POWER_LAYOUT.without + 4 * index, word)
  // All programs that have an id of their own have no groups.
  if (identity) keepGroups(identity)
}

/** The granted names of one program. */
export interface Granted {
  readonly table: number
  readonly descriptors: readonly number[]
}

export class PassingCalls implements Passing {
  readonly calls: Uint8Array = passedCalls()
  readonly tables: Uint8Array = new Uint8Array(MOST_TABLES * PREFIXES_LAYOUT.SIZE)
  readonly tasks: Int32Array = new Int32Array(TASK_SLOTS * SLOT_WORDS)
  readonly #free = Array.from({ length: MOST_TABLES }, (_, index) => index)

  /** `prefixes`: the granted names. Undefined: no call of the program passes. */
  open(
    { actions, paths }: Decisions,
    prefixes: Prefixes | undefined,
    user: ProgramSpec['user'],
  ): Granted | undefined {
    const action = actions.findIndex(({ kind }) => kind === 'paths')
    const table = prefixes && action >= 0 ? this.#free.pop() : undefined
    if (!prefixes || table === undefined) return undefined
    const bytes = this.tables.subarray(table * PREFIXES_LAYOUT.SIZE, (table + 1) * PREFIXES_LAYOUT.SIZE)
    const descriptors = prefixes.writeTo(bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    view.setUint32(PREFIXES_LAYOUT.action, action, true)
    // Only the attributes of files are asked for by the native step.
    if (paths?.statAll === false) writePower(view, user)
    return { table, descriptors }
  }

  /** From now on no call of the program passes. */
  close({ table, descriptors }: Granted): void {
    new DataView(this.tables.buffer).setUint32(table * PREFIXES_LAYOUT.SIZE + PREFIXES_LAYOUT.count, 0, true)
    for (const fd of descriptors) close(fd)
    this.#free.push(table)
  }

  /**
   * The native step looks at this thread by itself if others stop all the time, and its calls pass
   * if names are granted to it. If two threads have the same slot, that holds for one.
   */
  addTask(tid: number, granted: Granted | undefined): void {
    const at = (tid & (TASK_SLOTS - 1)) * SLOT_WORDS
    this.tasks[at] = tid
    this.tasks[at + 1] = granted?.table ?? NO_TABLE
  }

  /** A thread that has not executed its program yet: all its calls pass. */
  addStarting(tid: number): void {
    const at = (tid & (TASK_SLOTS - 1)) * SLOT_WORDS
    this.tasks[at] = tid
    this.tasks[at + 1] = ALL_PASS
  }

  removeTask(tid: number): void {
    const at = (tid & (TASK_SLOTS - 1)) * SLOT_WORDS
    if (this.tasks[at] === tid) this.tasks[at] = 0
  }
}
