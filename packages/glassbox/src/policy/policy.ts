/**
 * A policy: what a program may do, as a value. It says which system calls are made, and which
 * files may be read, written and executed. Every runner takes the same policies.
 *
 * The rules about calls hold by a seccomp filter. The rules about paths hold by Landlock, which
 * judges the file that the kernel found, so neither a string that another thread changes nor a
 * directory that is exchanged for a link gets around them. A tracer tells which rule denied what.
 */
import type { Condition, KernelAction } from '../seccomp/policy.ts'

export type { Condition }

/**
 * What a handler may ask about a call that it decides.
 *
 * @example
 * { syscall: 'socket', args: [2n, 1n, 0n], text: 'AF_INET, SOCK_STREAM, IPPROTO_IP', pid: 4711 }
 */
export interface CallToDecide {
  readonly syscall: string
  /** The registers of the arguments. */
  readonly args: readonly bigint[]
  /** The arguments in strace's notation. */
  readonly text: string
  /** The process that makes the call, by its id on the host. */
  readonly pid: number
}

/** The answer of a handler: the call is made, fails with that error, or ends the program. */
export type CallDecision = 'allow' | 'kill' | { readonly errno: number }

/**
 * Decides one call. The thread that makes the call waits for the answer; other threads run on. If
 * the handler throws or rejects, the program is ended and run() rejects with that error.
 */
export type DecideCall = (call: CallToDecide) => CallDecision | Promise<CallDecision>

/**
 * What happens to a call:
 * - `allow`: the kernel makes the call.
 * - `errno`: the call is not made; it fails with that error, or returns 0 if `errno` is 0.
 * - `kill`: the program is ended, with the verdict `syscall-denied`.
 * - `decide`: a handler of the caller's decides. Only for calls whose arguments are numbers: what
 *   a pointer leads to could change after the decision. Needs the ptrace runner.
 * - `trace`, `log`, `notify`: as in seccomp(2).
 */
export type Action = KernelAction | { readonly kind: 'decide'; readonly handler: DecideCall }

/**
 * What happens to some calls, always or under conditions.
 *
 * @example
 * const onlyUnix: Condition = { arg: 0, op: 'ne', value: 1n, width: 32 }
 * const rule: Rule = { syscalls: ['socket'], when: [onlyUnix], action: { kind: 'kill' } }
 */
export interface Rule {
  /** Names of x86-64 system calls, such as `openat`. */
  readonly syscalls: readonly string[]
  /**
   * The rule matches if all of these hold; without conditions it always matches. If several rules
   * match a call, the first one decides.
   */
  readonly when?: readonly Condition[]
  /**
   * The rule matches the first `atMost` calls of the program and its children; for later ones,
   * the next rule that matches decides. Needs the ptrace runner.
   */
  readonly atMost?: number
  readonly action: Action
  /** The reason, for messages: a few words without a final dot. */
  readonly why?: string
}

/**
 * Which files may be used, by path patterns. A file that no pattern grants is denied. A pattern is
 * an absolute path, or begins with `{work}` (the working directory) or `{program}` (the program
 * file):
 * - `/etc/passwd`: this file. Of a directory, only its attributes: see below
 * - `/usr/`: this directory and everything below it
 * - `/etc/*`: the files directly in this directory
 * - `/srv/data-?.csv`: a glob; `*` and `?` match no slash, a component `**` any directories
 *
 * A link counts as the file that it leads to. But a link in a directory that programs write to
 * does not lead out of it: the file outside needs a pattern of its own. A pattern with `*` or `?`
 * grants the files that exist when the program starts, at most 4096. To let a program create or
 * remove files, or list a directory, grant the directory with a final slash: the kernel's rights
 * of a directory hold for everything below it, so no other pattern grants them.
 *
 * `/proc/self/` is the process that is started. Its children have no right to their own entries.
 *
 * @example
 * { read: ['/usr/', '/etc/ld.so.cache', '{work}/'], write: ['{work}/'], execute: ['/usr/bin/'] }
 */
export interface PathRules {
  /** May be opened for reading. Directories whose patterns end with a slash may be listed. */
  readonly read?: readonly string[]
  /** May be read, changed, created, removed and renamed. */
  readonly write?: readonly string[]
  /**
   * May be executed. A script needs it for its interpreter too, and a dynamic program for its
   * loader. Includes `read`.
   */
  readonly execute?: readonly string[]
  /**
   * Directories that may be listed, together with those below them, but whose files may not be
   * read. Each pattern ends with a slash.
   */
  readonly list?: readonly string[]
  /**
   * Whose attributes may be asked for (stat, access, readlink). `all` (default): those of every
   * file. A list: those files, and all that may be used otherwise. Needs the tier `named`.
   */
  readonly stat?: 'all' | readonly string[]
  /**
   * `silent`: Landlock alone, at native speed; a denied call fails with EACCES and is not
   * reported. `named`: a tracer looks at each call with a path and reports each denial with call,
   * path and rule; needs the ptrace runner. Default: `named` if the runner is ptrace, else
   * `silent`.
   */
  readonly tier?: 'silent' | 'named'
  /** What happens to a denied call. Default: it fails with EACCES. Needs the tier `named`. */
  readonly denied?: { readonly kind: 'errno'; readonly errno: number } | { readonly kind: 'kill' }
}

/** The names of the policies that glassbox brings along; see docs/policies.md. */
export type PresetName = 'default' | 'python3' | 'node' | 'java' | 'compiler' | 'shell'

/**
 * What a program may do. `run()` and `openBox()` reject with InvalidOptionError if the policy is
 * invalid.
 *
 * @example
 * const refused: Rule = { syscalls: ['socket'], action: { kind: 'errno', errno: 1 } }
 * const policy: Policy = { rules: [refused], otherwise: { kind: 'allow' } }
 * const reader: Policy = { extends: 'python3', paths: { read: ['/srv/data/'] } }
 */
export interface Policy {
  /** For messages. */
  readonly name?: string
  /**
   * Policies that this one adds to, by the name of a preset or as values. The rules here come
   * before theirs; path patterns are joined. Of everything else, what is said first counts: here,
   * then in the policies of this list in their order.
   */
  readonly extends?: PresetName | Policy | readonly (PresetName | Policy)[]
  readonly rules?: readonly Rule[]
  /** The action for every call that no rule matches. Required unless `extends` gives it. */
  readonly otherwise?: KernelAction
  /** Without it, files are not restricted by the policy. */
  readonly paths?: PathRules
}
