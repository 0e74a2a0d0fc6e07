/**
 * Where paths lead to, for policies that are used again and again. Most paths of a policy contain
 * no link. That a path still contains none costs two calls of the kernel, which one plan makes for
 * all paths; to follow a path costs several times as much.
 *
 * The answers are those that realPath() would give now. What is remembered is only which question
 * to ask: a path that contained no link is opened so that the kernel refuses links. If that fails,
 * the path is followed as usual.
 *
 * For the calling thread. Keeps no descriptor.
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

/** Programs with many working directories would fill the memory otherwise. */
const MOST_PATHS = 1024
const MOST_PLANS = 32

const plain = new Map<string, Plain>()

/** A plan that opens paths. */
interface Check {
  readonly bytes: Uint8Array
  /** By slot: the path that is wrong if the slot has another result. */
  readonly expected: readonly { readonly path: string; readonly isMissing: boolean }[]
}

const checks = new Map<string, readonly Check[]>()

/**
 * Looks where all these paths lead to now. The function gives the answers; another path is
 * followed when it is asked for.
 *
 * @example
 * const real = realPathsNow(['/bin/sh', '/etc'])
 * real('/etc') // '/etc'
 */
export function realPathsNow(paths: Iterable<string>): (path: string) => string {
  const wanted = [...new Set(paths)]
  const wrong = wrongAmong(wanted.flatMap(path => plain.get(path) ?? []))
  const answers = new Map<string, string>()
  for (const path of wanted)
    answers.set(path, plain.has(path) && !wrong.has(path) ? path : followAndRemember(path))
  return path => answers.get(path) ?? follow(path).real
}

function followAndRemember(path: string): string {
  const { real, found } = follow(path)
  if (plain.size >= MOST_PATHS) plain.clear()
  if (real === path && found !== undefined) plain.set(path, { path, found })
  else plain.delete(path)
  return real
}

/** The paths that contain a link now, or of which another part exists. */
function wrongAmong(known: readonly Plain[]): ReadonlySet<string> {
  const wrong = new Set<string>()
  for (const { bytes, expected } of checksOf(known)) {
    const { slots } = runPlan(bytes, [])
    for (const [slot, { path, isMissing }] of expected.entries()) {
      const result = Number(slots[slot])
      if (isMissing ? result !== -ERRNO.ENOENT : result < 0) wrong.add(path)
    }
  }
  return wrong
}

function checksOf(known: readonly Plain[]): readonly Check[] {
  const key = known.map(({ path, found }) => `${path}\0${found}`).join('\0\0')
  const made = checks.get(key) ?? makeChecks(known)
  if (checks.size >= MOST_PLANS) checks.clear()
  checks.set(key, made)
  return made
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
