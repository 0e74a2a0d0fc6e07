/**
 * A policy that was checked and joined with those that it extends: what runners work with. Plain
 * data except for the handlers of the caller. The same policy of a caller gives the same object,
 * so it can be a key of caches.
 */
import type { KernelAction } from '../seccomp/policy.ts'
import type { PathRules, Rule } from './policy.ts'

/** The ways to use a file, one bit each. */
export const ACCESS = { read: 1, write: 2, execute: 4, list: 8, stat: 16 } as const

/**
 * How the files of a pattern are found. Only a tree grants anything of a directory but its
 * attributes; of a directory that matches otherwise, even listing is denied.
 */
export type PatternKind = 'exact' | 'tree' | 'level' | 'glob'

/** One pattern of a policy, with what it grants. */
export interface PathRule {
  /** As it was written, for messages: `read: /usr/`. */
  readonly text: string
  readonly kind: PatternKind
  /** Without the last slash or star; a glob is whole. May begin with `{work}` or `{program}`. */
  readonly path: string
  /** Bits of ACCESS. */
  readonly access: number
}

/** What happens to a call whose path is denied. */
export type PathDenial = NonNullable<PathRules['denied']>

export interface ResolvedPaths {
  /** Undefined: the policy leaves the choice to the runner. */
  readonly tier: 'silent' | 'named' | undefined
  /** In the order in which they were written. Rules with the same pattern are not joined. */
  readonly rules: readonly PathRule[]
  /** Whether the attributes of every file may be asked for. */
  readonly statAll: boolean
  readonly denied: PathDenial
}

/** Why a policy needs a tracer. */
export interface TracerNeed {
  /** The path of the key, such as `policy.rules[0].atMost`. */
  readonly key: string
  /** Ends the sentence "… needs the ptrace runner: ". */
  readonly why: string
}

export interface ResolvedPolicy {
  readonly name: string | undefined
  /** Of the rules for a call, the first that matches decides. */
  readonly rules: readonly Rule[]
  /** The action for every call that no rule matches. */
  readonly otherwise: KernelAction
  /** Undefined: files are not restricted by the policy. */
  readonly paths: ResolvedPaths | undefined
  /** The first key that only a runner with a tracer can do; undefined if every runner can. */
  readonly needsTracer: TracerNeed | undefined
}
