/**
 * Where paths lead to, for policies that are used again and again. Most paths of a policy contain
 * no link. That a path still contains none costs two calls of the kernel, which one plan makes for
 * all paths; to follow a path costs several times as much.
 *
 * The answers are those that realPath() would give at the last look. What is remembered is only
 * which question to ask: a path that contained no link is opened so that the kernel refuses links.
 * If that fails, the path is followed as usual.
 *
 * Keeps no descriptor.
 */
import { runPlan } from '../../gate/gate.ts'
import { PLAN_SLOTS } from '../../gate/generated/layouts.ts'
import { AT_FDCWD, O_CLOEXEC, O_PATH, RESOLVE_NO_SYMLINKS } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { bytesOfPath } from '../../linux/path-bytes.ts'
import { OPEN_HOW_BYTES } from '../../linux/open-how.ts'
import { PlanBuilder, words } from '../../plan/builder.ts'
import { encodePlan } from '../../plan/encode.ts'
import type { Data } from '../../plan/types.ts'
import { follow } from './real-path.ts'

/** A path without links, when it was last followed. */
interface Plain {
  readonly path: string
  /** The part of it that existed. */
  readonly found: string
}

/** A plan that opens paths. */
interface Check {
  readonly bytes: Uint8Array
  /** By slot: the path that is wrong if the slot has another result. */
  readonly expected: readonly { readonly path: string; readonly isMissing: boolean }[]
}

/**
 * A list of paths, and where they lead to.
 *
 * @example
 * const paths = new RealPaths(['/bin/sh', '/etc'])
 * paths.of('/bin/sh') // '/usr/bin/dash'
 * paths.look() // true if one of them leads elsewhere now
 */
export class RealPaths {
  readonly #answers = new Map<string, string>()
  readonly #plain = new Map<string, Plain>()
  #checks: readonly Check[] = []

  constructor(paths: Iterable<string>) {
    for (const path of paths) this.#answers.set(path, path)
    this.look()
  }

  /** Where a path leads to. One that is not in the list is followed now. */
  of(path: string): string {
    return this.#answers.get(path) ?? follow(path).real
  }

  /** Looks again. Returns whether an answer has changed. */
  look(): boolean {
    const wrong = wrongAmong(this.#checks)
    let hasChanged = false
    for (const [path, answer] of this.#answers) {
      if (this.#plain.has(path) && !wrong.has(path)) continue
      const real = this.#follow(path)
      hasChanged ||= real !== answer
      this.#answers.set(path, real)
    }
    if (hasChanged || wrong.size > 0 || this.#checks.length === 0)
      this.#checks = makeChecks([...this.#plain.values()])
    return hasChanged
  }

  #follow(path: string): string {
    const { real, found } = follow(path)
    if (real === path && found !== undefined) this.#plain.set(path, { path, found })
    else this.#plain.delete(path)
    return real
  }
}

/** The paths that contain a link now, or of which another part exists. */
function wrongAmong(checks: readonly Check[]): ReadonlySet<string> {
  const wrong = new Set<string>()
  for (const { bytes, expected } of checks) {
    // Descriptors and errors take 32 bits: to make a bigint of each would take longer.
    const halves = new Int32Array(runPlan(bytes, []).slots.buffer)
    for (const [slot, { path, isMissing }] of expected.entries()) {
      const result = halves[2 * slot] ?? -1
      if (isMissing ? result !== -ERRNO.ENOENT : result < 0) wrong.add(path)
    }
  }
  return wrong
}

function makeChecks(known: readonly Plain[]): Check[] {
  const opens = known.flatMap(({ path, found }) => [
    { path, open: found, isMissing: false },
    ...(found === path ? [] : [{ path, open: path, isMissing: true }]),
  ])
  const made: Check[] = []
  for (let at = 0; at < opens.length; at += PLAN_SLOTS) made.push(makeCheck(opens.slice(at, at + PLAN_SLOTS)))
  return made
}

function makeCheck(opens: readonly { path: string; open: string; isMissing: boolean }[]): Check {
  const builder = new PlanBuilder('look for links')
  const how = words(8, [O_PATH | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS])
  for (const { open } of opens) {
    const name: Data = { bytes: bytesOfPath(`${open}\0`) }
    const result = builder.slot(open)
    builder
      .call('openat2', [AT_FDCWD, name, how, OPEN_HOW_BYTES], 'open', { result, onError: 'ignore' })
      .call('close', [result], 'close', { onError: [ERRNO.EBADF] })
  }
  return { bytes: encodePlan(builder.build()).bytes, expected: opens }
}
