/**
 * Makes a ruleset of the kernel from a spec. The files are looked at here, by descriptors: a rule
 * is added to the file that was looked at, even if its name changes.
 *
 * The ruleset is made in this process and entered by another one, so a rule about /proc/self would
 * be about this process. Such rules are returned as `own` instead.
 */
import { readlinkSync, statSync } from 'node:fs'
import { keepDescriptor, openat2, withDescriptor } from '../gate/descriptors.ts'
import { call } from '../gate/gate.ts'
import { AT_FDCWD, LANDLOCK_RULE_PATH_BENEATH, O_PATH, RESOLVE_NO_MAGICLINKS } from '../linux/constants.ts'
import { look, type Look } from './look.ts'
import { Matcher } from './matches.ts'
import { addGrants } from './open-grants.ts'
import { ruleBytes } from './rule.ts'
import type { BegunRuleset, Grant, LandlockSpec, OwnGrant, Rights, Ruleset } from './types.ts'

/** struct landlock_ruleset_attr, up to its field `scoped`. */
const ATTRIBUTES = { SIZE: 24, handledFiles: 0, scoped: 2 } as const
/**
 * Makes a ruleset. `root` is a descriptor of the root directory in which the paths are looked up,
 * if it is not that of this process. The caller closes the ruleset, which is not inherited by
 * children.
 *
 * Throws InvalidOptionError if a wildcard matches too much, and ERR_GLASSBOX_SYSTEM for errors
 * such as a lack of descriptors.
 *
 * @example
 * const ruleset = makeRuleset(landlockSpec(paths, context))
 * try {
 *   start(ruleset)
 * } finally {
 *   close(ruleset.fd)
 * }
 */
export function makeRuleset(spec: LandlockSpec, root?: number): Ruleset {
  const fd = createRuleset(spec)
  return keepDescriptor(fd, () => ({ fd, own: addRules(fd, spec.grants, root) }))
}

/** A ruleset without rules: with it, nothing is granted. The caller closes it. */
function createRuleset({ handled, scoped }: LandlockSpec): number {
  const attributes = new BigUint64Array(ATTRIBUTES.SIZE / 8)
  attributes[ATTRIBUTES.handledFiles] = BigInt(handled)
  attributes[ATTRIBUTES.scoped] = BigInt(scoped)
  return call('landlock_create_ruleset', [attributes, ATTRIBUTES.SIZE, 0])
}

const lastOwn = new WeakMap<LandlockSpec, readonly OwnGrant[]>()

/**
 * Begins a ruleset, to which `addAll` adds the rules. So a process can be started meanwhile that
 * has its descriptor. The caller closes it.
 */
export function beginRuleset(spec: LandlockSpec): BegunRuleset {
  const fd = createRuleset(spec)
  return {
    fd,
    expectedOwn: lastOwn.get(spec),
    addAll: () => {
      const own = addRules(fd, spec.grants, undefined)
      lastOwn.set(spec, own)
      return { fd, own }
    },
  }
}

function addRules(ruleset: number, grants: readonly Grant[], root: number | undefined): OwnGrant[] {
  const own = new OwnGrants()
  const matcher = new Matcher(root)
  try {
    const rest =
      root === undefined
        ? addGrants(ruleset, grants, ({ rights }, fd, found) =>
            found.isOutsideOwn || pathInOwnProc(fd, found.device) === undefined
              ? rightsOf(rights, found)
              : undefined,
          )
        : grants
    for (const grant of rest) {
      const named = ownPath(grant.path)
      if (named !== undefined) own.add(named, grant)
      else
        matcher.forEach(grant, fd => {
          const found = look(fd)
          const theirs = root === undefined ? pathInOwnProc(fd, found.device) : undefined
          if (theirs !== undefined) own.add(theirs, grant)
          else addRule(ruleset, fd, rightsOf(grant.rights, found), grant)
        })
    }
    return own.list()
  } finally {
    matcher.close()
  }
}

/** A pattern has rights for files or for directories, so a match of the other kind gets none. */
const rightsOf = ({ file, directory }: Rights, { isDirectory }: Look): number =>
  isDirectory ? directory : file

function addRule(ruleset: number, fd: number, access: number, { text }: Grant): void {
  if (access === 0) return
  call('landlock_add_rule', [ruleset, LANDLOCK_RULE_PATH_BENEATH, ruleBytes(access, fd), 0], text)
}

const OWN = /^\/proc\/(?:self|thread-self)(?=\/|$)/

/** The path of a pattern that names the process's own entries in /proc. */
const ownPath = (path: string): string | undefined =>
  OWN.test(path) ? path.replace(OWN, '/proc/self') : undefined

let procDevice: bigint | undefined

/** The same for a file that turned out to be such an entry of this process, by a link to it. */
function pathInOwnProc(fd: number, device: bigint): string | undefined {
  procDevice ??= statSync('/proc', { bigint: true }).dev
  if (device !== procDevice) return undefined
  const path = readlinkSync(`/proc/self/fd/${fd}`)
  const own = `/proc/${process.pid}`
  return path === own || path.startsWith(`${own}/`) ? `/proc/self${path.slice(own.length)}` : undefined
}

/** The process's own entry has several names (`thread-self`), and gets one rule. */
class OwnGrants {
  readonly #access = new Map<string, number>()

  /**
   * The program's entries have the types of this process's. Wildcards in them grant nothing: which
   * entries there are is known only when the program runs. Nor do the magic links among them,
   * which lead to other files (`/proc/self/exe`): the file has a path of its own.
   */
  add(path: string, { kind, rights }: Grant): void {
    if (kind === 'level' || kind === 'glob') return
    const isDirectory = path === '/proc/self' || isDirectoryInProc(path)
    if (isDirectory === undefined) return
    const access = isDirectory ? rights.directory : rights.file
    if (access !== 0) this.#access.set(path, (this.#access.get(path) ?? 0) | access)
  }

  list(): OwnGrant[] {
    return [...this.#access].map(([path, access]) => ({ path, access }))
  }
}

function isDirectoryInProc(path: string): boolean | undefined {
  try {
    const fd = openat2(AT_FDCWD, path, { flags: O_PATH, resolve: RESOLVE_NO_MAGICLINKS })
    return withDescriptor(fd, () => look(fd).isDirectory)
  } catch {
    return undefined // there is no such entry
  }
}
