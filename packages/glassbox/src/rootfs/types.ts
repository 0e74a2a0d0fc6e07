/**
 * What a box's file system is made of, as a value. `steps.ts` turns it into the calls that furnish
 * it.
 */

/** A part of the host that is seen in the box. */
export interface BindMount {
  /**
   * On the host, absolute and without symbolic links: resolved by the host before the plan is
   * made.
   */
  readonly source: string
  /** In the box, absolute. */
  readonly target: string
  readonly directory: boolean
  readonly writable: boolean
  /** Of the caller's: what lies in it may be the doing of a program that ran before. */
  readonly foreign?: boolean
  /** Device nodes work in it; only for the few of `/dev`. */
  readonly device?: boolean
}

export interface SymbolicLink {
  readonly target: string
  readonly path: string
}

/**
 * A small file that is written into the box: /etc/passwd and the like, or a copy of one of the
 * host's.
 */
export interface SmallFile {
  readonly path: string
  readonly contents: Uint8Array
}

/** A writable place: a tmpfs of its own with a size and an inode cap. */
export interface Scratch {
  readonly path: string
  readonly mode: number
  readonly bytes: number
  readonly inodes: number
  /** Who owns its root directory: ids as seen in the box. */
  readonly owner: { readonly uid: number; readonly gid: number }
  readonly noexec?: boolean
}

/** Something of procfs that is hidden. */
export interface MaskedPath {
  readonly path: string
  readonly directory: boolean
}

/**
 * What every box shows of the host, whatever its options. One object a process: its plan is made
 * and encoded once.
 */
export interface HostRoot {
  readonly binds: readonly BindMount[]
  readonly links: readonly SymbolicLink[]
  readonly files: readonly SmallFile[]
  readonly masks: readonly MaskedPath[]
}

/** What only this box has. */
export interface OwnRoot {
  readonly binds: readonly BindMount[]
  readonly files: readonly SmallFile[]
  readonly scratch: readonly Scratch[]
}
