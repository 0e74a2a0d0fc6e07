/**
 * What the native step of the supervisor knows about paths (native/pass.c): calls that name a file
 * below a granted directory pass without JavaScript. Whatever is not found here is decided by
 * path-judge.ts, so leaving something out costs time only.
 *
 * Owns a descriptor for each granted directory of each program that runs.
 */
import { close } from '../../gate/descriptors.ts'
import {
  MOST_PREFIXES,
  MOST_TABLES,
  NO_ARGUMENT,
  PASSED_CALLS,
  PASSED_CALLS_LAYOUT,
  PASSED_KIND_LAYOUT,
  PASSED_KINDS,
  PREFIX_LAYOUT,
  PREFIX_SCOPE,
  PREFIX_TEXT,
  PREFIXES_LAYOUT,
  TASK_SLOT_LAYOUT,
  TASK_SLOTS,
  USE_BY_FLAGS,
} from '../../gate/generated/layouts.ts'
import { syscall } from '../../gate/gate.ts'
import type { Passing } from '../../gate/ptrace.ts'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '../../linux/constants.ts'
import { bytesOfPath } from '../../linux/path-bytes.ts'
import { OPEN_HOW_BYTES } from '../../linux/open-how.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { ACCESS, type PatternKind } from '../../policy/resolved.ts'
import type { Decisions, PathDecisions } from '../contract.ts'
import { withIncluded } from './judge.ts'
import { type PathCall, pathCalls } from './path-calls.ts'
import { realPathsNow } from './plain-paths.ts'

/** Names no table, so no call passes. */
const NO_TABLE = -1
const OPENAT2 = syscallNumber('openat2')
const SLOT_WORDS = TASK_SLOT_LAYOUT.SIZE / 4
const SCOPES: Readonly<Partial<Record<PatternKind, number>>> = PREFIX_SCOPE
/** What /proc means differs between the program and the supervisor. */
const isProc = (path: string): boolean => path === '/proc' || path.startsWith('/proc/')

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

  /** Undefined: no call of the program passes. */
  open({ actions, paths }: Decisions): Granted | undefined {
    const action = actions.findIndex(({ kind }) => kind === 'paths')
    const table = paths && action >= 0 ? this.#free.pop() : undefined
    if (!paths || table === undefined) return undefined
    const bytes = this.tables.subarray(table * PREFIXES_LAYOUT.SIZE, (table + 1) * PREFIXES_LAYOUT.SIZE)
    const { count, descriptors } = writePrefixes(bytes, paths)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    view.setUint32(PREFIXES_LAYOUT.action, action, true)
    view.setUint32(PREFIXES_LAYOUT.count, count, true)
    bytes.fill(0, PREFIXES_LAYOUT.seen)
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

function writePrefixes(
  bytes: Uint8Array,
  { rules, statAll }: PathDecisions,
): { readonly count: number; readonly descriptors: readonly number[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const descriptors: number[] = []
  // Landlock does not judge calls that only ask for attributes, such as an open with O_PATH.
  const unjudged = statAll ? 0 : ACCESS.stat
  const asked = rules.filter(({ kind, access }) => kind !== 'exact' || (access & ACCESS.write) !== 0)
  const real = realPathsNow(asked.map(({ path }) => fixedPart(path)))
  const whole = (path: string): string => `${real(fixedPart(path)).replace(/\/$/, '')}/`
  const changed = rules.filter(({ access }) => (access & ACCESS.write) !== 0).map(({ path }) => whole(path))
  let count = 0
  let used = 0
  for (const { path, kind, access } of rules) {
    const scope = SCOPES[kind]
    const text = bytesOfPath(path === '/' ? '' : path)
    const isUsable = scope !== undefined && !isProc(path) && count < MOST_PREFIXES
    if (!isUsable || used + text.length > PREFIX_TEXT) continue
    const isFixed = kind !== 'exact' && !isChanged(changed, whole(path))
    const fd = kind === 'exact' ? -1 : openDirectory(path, isFixed)
    if (kind !== 'exact' && fd < 0) continue
    if (fd >= 0) descriptors.push(fd)
    const at = PREFIXES_LAYOUT.list + count * PREFIX_LAYOUT.SIZE
    view.setInt32(at + PREFIX_LAYOUT.fd, fd, true)
    view.setUint16(at + PREFIX_LAYOUT.at, used, true)
    view.setUint16(at + PREFIX_LAYOUT.length, text.length, true)
    bytes[at + PREFIX_LAYOUT.access] = withIncluded(access) & ~unjudged
    bytes[at + PREFIX_LAYOUT.scope] = scope
    bytes[at + PREFIX_LAYOUT.fixed] = isFixed ? 1 : 0
    bytes.set(text, PREFIXES_LAYOUT.text + used)
    used += text.length
    count++
  }
  return { count, descriptors }
}

/** A path up to the first wildcard. */
const fixedPart = (path: string): string => path.replace(/[^/]*[*?].*$/, '') || '/'

/** Whether one of these directories contains that one, or the other way round. */
const isChanged = (changed: readonly string[], real: string): boolean =>
  changed.some(each => each.startsWith(real) || real.startsWith(each))

/** A link is not followed if a program may have made it. */
function openDirectory(path: string, isFixed: boolean): number {
  const resolve = RESOLVE_NO_MAGICLINKS | (isFixed ? 0 : RESOLVE_NO_SYMLINKS)
  const how = BigUint64Array.of(BigInt(O_PATH | O_DIRECTORY | O_CLOEXEC), 0n, BigInt(resolve))
  return syscall(OPENAT2, AT_FDCWD, bytesOfPath(`${path}\0`), how, OPEN_HOW_BYTES)
}
