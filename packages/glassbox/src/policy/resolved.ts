/**
 * A policy that was checked and joined with those that it extends: what runners work with. Plain
 * data except for the handlers of the caller. The same policy of a caller gives the same object,
 * so it can be a key of caches.
 */
import type { CallPolicy } from '../seccomp/policy.ts'
import type { Action, Rule } from './policy.ts'

/** The ways to use a file, one bit each. */
export const ACCESS = { read: 1, write: 2, execute: 4, list: 8, stat: 16 } as const

/** How the files of a pattern are found. */
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

export interface ResolvedPaths {
  readonly tier: 'silent' | 'named'
  readonly rules: readonly PathRule[]
  /** Whether the attributes of every file may be asked for. */
  readonly statAll: boolean
  readonly denied: { readonly kind: 'errno'; readonly errno: number } | { readonly kind: 'kill' }
}

export interface ResolvedPolicy {
  readonly name: string | undefined
  readonly rules: readonly Rule[]
  readonly otherwise: Action & CallPolicy['otherwise']
  readonly paths: ResolvedPaths | undefined
}
