/**
 * What the native step of the supervisor knows about paths (native/pass.c): calls that name a file
 * below a granted directory pass without JavaScript. Whatever is not found here is decided by
 * path-judge.ts, so leaving something out costs time only.
 *
 * Owns a descriptor for each granted directory of each program that runs.
 */
import { close } from '../../gate/descriptors.ts'
import {
  MOST_TABLES,
  NO_ARGUMENT,
  PASSED_CALLS,
  PASSED_CALLS_LAYOUT,
  PASSED_KIND_LAYOUT,
  PASSED_KINDS,
  PREFIXES_LAYOUT,
  TASK_SLOT_LAYOUT,
  TASK_SLOTS,
  USE_BY_FLAGS,
} from '../../gate/generated/layouts.ts'
import type { Passing } from '../../gate/ptrace.ts'
import { ACCESS } from '../../policy/resolved.ts'
import type { Decisions } from '../contract.ts'
import { type PathCall, pathCalls } from './path-calls.ts'
import type { Prefixes } from './prefixes.ts'

/** Names no table, so no call passes. */
const NO_TABLE = -1
const SLOT_WORDS = TASK_SLOT_LAYOUT.SIZE / 4

/** The kind of a call that may pass: the kernel makes it, and it names one file by its path. */
function kindOf({
  maker,
  paths,
  descriptor,
  use,
  nofollow,
  openFlags,
  atFlags,
}: PathCall): number[] | undefined {
  const [path] = paths
  if (maker !== 'kernel' || descriptor || paths.length !== 1 || path?.path === undefined) return undefined
  // A program is judged with its interpreter, so that the denial of that one is named too.
  if (use === 'execute') return undefined
  // unlinkat only says by them what it removes; others may mean the descriptor itself.
  if (atFlags !== undefined && !nofollow) return undefined
  const kind = Array<number>(PASSED_KIND_LAYOUT.SIZE).fill(0)
  kind[PASSED_KIND_LAYOUT.path] = path.path
  kind[PASSED_KIND_LAYOUT.dirfd] = path.dirfd ?? NO_ARGUMENT
  kind[PASSED_KIND_LAYOUT.flags] = openFlags ?? NO_ARGUMENT
  kind[PASSED_KIND_LAYOUT.use] = use === 'open' ? USE_BY_FLAGS : ACCESS[use]
  kind[PASSED_KIND_LAYOUT.nofollow] = nofollow ? 1 : 0
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
  open({ actions }: Decisions, prefixes: Prefixes | undefined): Granted | undefined {
    const action = actions.findIndex(({ kind }) => kind === 'paths')
    const table = prefixes && action >= 0 ? this.#free.pop() : undefined
    if (!prefixes || table === undefined) return undefined
    const bytes = this.tables.subarray(table * PREFIXES_LAYOUT.SIZE, (table + 1) * PREFIXES_LAYOUT.SIZE)
    const descriptors = prefixes.writeTo(bytes)
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(PREFIXES_LAYOUT.action, action, true)
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

  removeTask(tid: number): void {
    const at = (tid & (TASK_SLOTS - 1)) * SLOT_WORDS
    if (this.tasks[at] === tid) this.tasks[at] = 0
  }
}
