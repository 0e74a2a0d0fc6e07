/**
 * The granted names of a policy as the native step knows them: struct prefixes of
 * native/supervise.h. They are written once for many programs; the directories are opened for each
 * one anew, because another directory may have the name by then.
 */
import { runPlan } from '../../gate/gate.ts'
import {
  MOST_PREFIXES,
  PREFIX_LAYOUT,
  PREFIX_SCOPE,
  PREFIX_TEXT,
  PREFIXES_LAYOUT,
} from '../../gate/generated/layouts.ts'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '../../linux/constants.ts'
import { OPEN_HOW_BYTES } from '../../linux/open-how.ts'
import { bytesOfPath } from '../../linux/path-bytes.ts'
import { PlanBuilder, text, words } from '../../plan/builder.ts'
import { encodePlan } from '../../plan/encode.ts'
import { ACCESS, type PathRule, type PatternKind } from '../../policy/resolved.ts'
import { withIncluded, writtenPath } from './judge.ts'

const SCOPES: Readonly<Partial<Record<PatternKind, number>>> = PREFIX_SCOPE
/** What /proc means differs between the program and the supervisor. */
const isProc = (path: string): boolean => path === '/proc' || path.startsWith('/proc/')

/** Whether one of these directories contains that one, or the other way round. */
const isChanged = (changed: readonly string[], real: string): boolean =>
  changed.some(each => each.startsWith(real) || real.startsWith(each))

/** A directory of the table, and the index of its prefix. */
interface Directory {
  readonly index: number
  readonly path: string
  /** Programs cannot change what it means. Otherwise links are not followed to it. */
  readonly isFixed: boolean
}

export class Prefixes {
  /** The struct, up to what the native step has seen. */
  readonly #bytes = new Uint8Array(PREFIXES_LAYOUT.seen)
  readonly #directories: Directory[] = []
  readonly #opening: Uint8Array

  /** `real`: where the path of a rule leads to. */
  constructor(rules: readonly PathRule[], statAll: boolean, real: (path: string) => string) {
    const view = new DataView(this.#bytes.buffer)
    const whole = (rule: PathRule): string => `${real(writtenPath(rule)).replace(/\/$/, '')}/`
    const changed = rules.filter(({ access }) => (access & ACCESS.write) !== 0).map(whole)
    let count = 0
    let used = 0
    for (const rule of rules) {
      const { kind, access } = rule
      const scope = SCOPES[kind]
      const { path, text: bytes, length } = textOf(rule, real)
      if (scope === undefined || isProc(path) || count >= MOST_PREFIXES) continue
      if (used + bytes.length > PREFIX_TEXT) continue
      const isFixed = kind !== 'exact' && !isChanged(changed, whole(rule))
      if (kind === 'tree' || kind === 'level') this.#directories.push({ index: count, path, isFixed })
      const at = offsetOf(count)
      view.setInt32(at + PREFIX_LAYOUT.fd, -1, true)
      view.setUint16(at + PREFIX_LAYOUT.at, used, true)
      view.setUint16(at + PREFIX_LAYOUT.length, length, true)
      view.setUint8(at + PREFIX_LAYOUT.access, withIncluded(access))
      view.setUint8(at + PREFIX_LAYOUT.scope, scope)
      view.setUint8(at + PREFIX_LAYOUT.fixed, isFixed ? 1 : 0)
      view.setUint8(at + PREFIX_LAYOUT.real, real(path) === path ? 1 : 0)
      this.#bytes.set(bytes, PREFIXES_LAYOUT.text + used)
      used += bytes.length
      count++
    }
    view.setUint32(PREFIXES_LAYOUT.count, count, true)
    view.setUint32(PREFIXES_LAYOUT.statAll, statAll ? 1 : 0, true)
    this.#opening = openingOf(this.#directories)
  }

  /**
   * Writes the table of a program, in which nothing was seen yet. Returns the descriptors of its
   * directories, which the caller closes.
   */
  writeTo(table: Uint8Array): readonly number[] {
    table.set(this.#bytes)
    table.fill(0, PREFIXES_LAYOUT.seen)
    const view = new DataView(table.buffer, table.byteOffset, table.length)
    const { slots } = runPlan(this.#opening, [], { descriptors: [...this.#directories.keys()] })
    const descriptors: number[] = []
    for (const [slot, { index }] of this.#directories.entries()) {
      const fd = Number(slots[slot])
      view.setInt32(offsetOf(index) + PREFIX_LAYOUT.fd, fd, true)
      // It grants nothing: there is no such directory.
      if (fd < 0) view.setUint8(offsetOf(index) + PREFIX_LAYOUT.access, 0)
      else descriptors.push(fd)
    }
    return descriptors
  }
}

/** The path with which a rule begins, and its text in the table, which begins with it. */
interface RuleText {
  readonly path: string
  readonly text: Uint8Array
  /** Of the path, in bytes. */
  readonly length: number
}

/** A pattern is compared with names that contain no link, so its text begins with a real path. */
function textOf(rule: PathRule, real: (path: string) => string): RuleText {
  const written = writtenPath(rule)
  const path = rule.kind === 'glob' ? real(written) : written
  const start = bytesOfPath(path === '/' ? '' : path)
  if (rule.kind !== 'glob') return { path, text: start, length: start.length }
  const pattern = bytesOfPath(rule.path.slice(written === '/' ? 0 : written.length))
  return { path, text: Uint8Array.of(...start, ...pattern, 0), length: start.length }
}

const offsetOf = (index: number): number => PREFIXES_LAYOUT.list + index * PREFIX_LAYOUT.SIZE

/** A plan that opens the directories, each into the slot with its index. */
function openingOf(directories: readonly Directory[]): Uint8Array {
  const builder = new PlanBuilder('open the directories of a policy')
  for (const { path, isFixed } of directories) {
    const resolve = RESOLVE_NO_MAGICLINKS | (isFixed ? 0 : RESOLVE_NO_SYMLINKS)
    const how = words(8, [O_PATH | O_DIRECTORY | O_CLOEXEC, 0, resolve])
    builder.call('openat2', [AT_FDCWD, text(path), how, OPEN_HOW_BYTES], `open ${path}`, {
      result: builder.slot(path),
      onError: 'ignore',
    })
  }
  return encodePlan(builder.build()).bytes
}
