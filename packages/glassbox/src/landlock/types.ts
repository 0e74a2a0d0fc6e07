/**
 * Landlock (landlock(7)): rules about files that hold for a process and its children for life, by
 * the object that the kernel found. They need no privilege, only no_new_privs.
 *
 * A `LandlockSpec` is a value: no file was looked at for it. `makeRuleset()` looks at the files.
 */
import type { PatternKind } from '../policy/resolved.ts'

/** LANDLOCK_ACCESS_FS_* bits for a match that is a file, and for one that is a directory. */
export interface Rights {
  readonly file: number
  readonly directory: number
}

/** What the files of a pattern get. */
export interface Grant {
  /** The rule as it was written, for messages: `read: /usr/`. */
  readonly text: string
  readonly kind: PatternKind
  /** The pattern without its base: absolute, without the last slash or star; a glob is whole. */
  readonly path: string
  /**
   * An earlier program may write to this directory, and the pattern is below it. So no link in
   * the directory leads out of it: a file outside is granted only by a pattern that names it.
   */
  readonly within?: string
  readonly rights: Rights
}

/** What a ruleset handles: everything handled and not granted is denied. */
export interface LandlockSpec {
  /** The version of the ABI that the spec was made for; see landlock_create_ruleset(2). */
  readonly abi: number
  /** LANDLOCK_ACCESS_FS_* bits. */
  readonly handled: number
  /** LANDLOCK_SCOPE_* bits. */
  readonly scoped: number
  readonly grants: readonly Grant[]
}

/**
 * A grant of the program's own entries in /proc. Only the program's process can name them, so it
 * adds the rule itself.
 */
export interface OwnGrant {
  /** `/proc/self`, or a path below it. */
  readonly path: string
  /** LANDLOCK_ACCESS_FS_* bits. */
  readonly access: number
}

/** A ruleset of the kernel, ready to be entered. Its maker closes the descriptor. */
export interface Ruleset {
  readonly fd: number
  /** Rules that the process adds before it enters the ruleset; see `addLandlockSteps()`. */
  readonly own: readonly OwnGrant[]
}

/** A ruleset whose rules have yet to be added. It is not ready to be entered. */
export interface BegunRuleset {
  readonly fd: number
  /** What `own` was the last time; undefined the first time. */
  readonly expectedOwn: readonly OwnGrant[] | undefined
  /** Throws as makeRuleset() does. */
  addAll(): Ruleset
}
