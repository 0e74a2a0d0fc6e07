/**
 * Adds the rules of many grants by few plans, which takes a fraction of the time that one call
 * after another takes. This is for grants of the simplest kind only, and for those that have been
 * seen before: all others are returned, for the matcher (matches.ts). So are those whose files
 * could not be opened, because the matcher knows what each error means.
 *
 * What is remembered are the plans, which depend on the paths alone. The files are opened anew
 * each time.
 */
import { close } from '../gate/descriptors.ts'
import { runPlan, systemError } from '../gate/gate.ts'
import { PLAN_SLOTS } from '../gate/generated/layouts.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  LANDLOCK_RULE_PATH_BENEATH,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'
import { OPEN_HOW_BYTES } from '../linux/open-how.ts'
import { PlanBuilder, text, words } from '../plan/builder.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Data, Slot } from '../plan/types.ts'
import { type Look, lookOf, STAT } from './look.ts'
import { RULE_BYTES, writeRule } from './rule.ts'
import type { Grant } from './types.ts'

/** A plan has two slots for each, the descriptor and the result of fstat; one for the ruleset. */
const MOST_OPEN = PLAN_SLOTS / 2 - 1
const MOST_PLANS = 32
const MOST_SEEN = 1024

export interface OpenedGrant extends Look {
  /** Whether the path alone says that this is not an entry of this process in /proc. */
  readonly isOutsideOwn: boolean
}

/**
 * The rights of the rule for a file that is open now; 0 for no rule. Undefined: it cannot be told
 * here.
 */
type AccessOf = (grant: Grant, fd: number, found: OpenedGrant) => number | undefined

interface Opening {
  readonly bytes: Uint8Array
  /** By slot: what fstat(2) wrote. Its result is `stats.length` slots later. */
  readonly stats: readonly DataView[]
  readonly made: { readonly descriptors: readonly number[] }
  readonly adding: Adding
}

/**
 * A plan that adds rules to the ruleset in its first slot, and then closes their files, which are
 * in the slots after it.
 */
interface Adding {
  readonly bytes: Uint8Array
  readonly rules: readonly DataView[]
}

/** Grants that are opened together. */
interface Batch {
  readonly grants: readonly Grant[]
  readonly opening: Opening
}

interface Batches {
  readonly batches: readonly Batch[]
  /** Grants of other kinds. */
  readonly left: readonly Grant[]
}

const seen = new Set<string>()
const openings = new Map<string, Opening>()
/** For lists of which every path was seen before. */
const known = new WeakMap<readonly Grant[], Batches>()

/** Adds rules to a ruleset. Returns the grants that are left. */
export function addGrants(ruleset: number, grants: readonly Grant[], accessOf: AccessOf): Grant[] {
  const { batches, left } = known.get(grants) ?? batchesOf(grants)
  return [...left, ...batches.flatMap(batch => addBatch(ruleset, batch, accessOf))]
}

function batchesOf(grants: readonly Grant[]): Batches {
  const simple = grants.filter(isSimple)
  const before = simple.filter(hasBeenSeen)
  const batches: Batch[] = []
  for (let at = 0; at < before.length; at += MOST_OPEN) {
    const some = before.slice(at, at + MOST_OPEN)
    batches.push({ grants: some, opening: openingOf(some) })
  }
  const made = { batches, left: grants.filter(grant => !before.includes(grant)) }
  if (before.length === simple.length) known.set(grants, made)
  return made
}

/** Entries of this process, or perhaps of it. */
const OWN = /^\/proc(?:\/(?:self|thread-self|\d+)(?=\/|$)|\/?$)/
const isInProc = (path: string): boolean => path.startsWith('/proc/')

/** It names one file, which no program can have replaced by a link. */
const isSimple = ({ kind, path, within }: Grant): boolean =>
  (kind === 'exact' || kind === 'tree') &&
  within === undefined &&
  path.startsWith('/') &&
  !path.includes('\0') &&
  !/\/[./]/.test(path) &&
  !OWN.test(path)

/** Paths that are used once, such as those of private directories, would make a plan each time. */
function hasBeenSeen({ path }: Grant): boolean {
  if (seen.has(path)) return true
  if (seen.size >= MOST_SEEN) seen.clear()
  seen.add(path)
  return false
}

/** Errors that say that there is no such file, whether or not links are followed. */
const MISSING: readonly number[] = [ERRNO.ENOENT, ERRNO.ENOTDIR]

function addBatch(ruleset: number, { grants, opening }: Batch, accessOf: AccessOf): Grant[] {
  const { bytes, stats, made, adding } = opening
  const files = resultsIn(runPlan(bytes, [], made).slots)
  const left: Grant[] = []
  let count = 0
  let isClosed = false
  try {
    for (const [slot, grant] of grants.entries()) {
      const fd = files(slot)
      const stat = stats[slot]
      let access: number | undefined = 0
      if (fd >= 0 || !MISSING.includes(-fd)) {
        const isStated = stat && fd >= 0 && files(grants.length + slot) === 0
        access = isStated ? accessOf(grant, fd, lookedAt(grant, stat)) : undefined
        if (access === undefined) left.push(grant)
        else if (access !== 0) count++
      }
      writeRule(adding.rules[slot] as DataView, access ?? 0, fd)
    }
    if (count > 0) {
      add(ruleset, adding, grants, files)
      isClosed = true
    }
    return left
  } finally {
    if (!isClosed) for (const slot of grants.keys()) if (files(slot) >= 0) close(files(slot))
  }
}

function add(
  ruleset: number,
  { bytes }: Adding,
  grants: readonly Grant[],
  files: (slot: number) => number,
): void {
  const { failure } = runPlan(bytes, [ruleset, ...Array.from(grants, (_, slot) => files(slot))])
  if (failure) throw systemError('landlock_add_rule', failure.errno, grants[failure.step]?.text)
}

/** The slots of a plan, without a bigint for each: descriptors and errors take 32 bits. */
function resultsIn(slots: BigInt64Array): (slot: number) => number {
  const halves = new Int32Array(slots.buffer)
  return slot => halves[2 * slot] ?? -1
}

const lookedAt = ({ path }: Grant, stat: DataView): OpenedGrant => {
  const { isDirectory, device } = lookOf(stat)
  return { isDirectory, device, isOutsideOwn: isInProc(path) }
}

function openingOf(grants: readonly Grant[]): Opening {
  const key = grants.map(({ kind, path }) => `${kind} ${path}`).join('\0')
  const made = openings.get(key) ?? makeOpening(grants)
  if (openings.size >= MOST_PLANS) openings.clear()
  openings.set(key, made)
  return made
}

function makeOpening(grants: readonly Grant[]): Opening {
  const builder = new PlanBuilder('open the files of a policy')
  const empty = text('')
  const files = grants.map(({ path }) => builder.slot(path))
  const stats: Data[] = grants.map(() => ({ bytes: new Uint8Array(STAT.SIZE) }))
  for (const [index, { kind, path }] of grants.entries()) {
    const file = files[index] as Slot
    const stat = stats[index] as Data
    const flags = O_PATH | O_CLOEXEC | (kind === 'tree' ? O_DIRECTORY : 0)
    // A path in /proc without links says by its text whether it is about this process.
    const how = words(8, [flags, 0, isInProc(path) ? RESOLVE_NO_SYMLINKS : RESOLVE_NO_MAGICLINKS])
    const name: Data = { bytes: bytesOfPath(`${path}\0`) }
    builder
      .call('openat2', [AT_FDCWD, name, how, OPEN_HOW_BYTES], `open ${path}`, {
        result: file,
        onError: 'ignore',
      })
      .call('newfstatat', [file, empty, stat, AT_EMPTY_PATH], 'look what it is', {
        result: builder.slot(`whether ${path} was looked at`),
        onError: 'ignore',
      })
  }
  const { bytes, dataOf } = encodePlan(builder.build())
  const views = stats.map(stat => viewOf(dataOf(stat)))
  return { bytes, stats: views, made: { descriptors: [...grants.keys()] }, adding: makeAdding(grants) }
}

function makeAdding(grants: readonly Grant[]): Adding {
  const builder = new PlanBuilder('add the rules of a policy')
  const ruleset = builder.input('ruleset')
  const files = grants.map(({ path }) => builder.input(path))
  const rules: Data[] = grants.map(() => ({ bytes: new Uint8Array(RULE_BYTES) }))
  for (const [index, { text: rule }] of grants.entries())
    builder.call(
      'landlock_add_rule',
      [ruleset, LANDLOCK_RULE_PATH_BENEATH, rules[index] as Data, 0],
      `grant ${rule}`,
      // It has no rights, so there is no rule to add.
      { onError: [ERRNO.ENOMSG] },
    )
  for (const file of files) builder.call('close', [file], `close ${file.label}`, { onError: [ERRNO.EBADF] })
  const { bytes, dataOf } = encodePlan(builder.build())
  return { bytes, rules: rules.map(rule => viewOf(dataOf(rule))) }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
