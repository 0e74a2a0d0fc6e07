/**
 * The contents of a box's file system, as a value. `steps.ts` turns it into the system calls that
 * set it up.
 */

export interface Ids {
  readonly uid: number
  readonly gid: number
}

/** How a bind shows the owner of its source as the user of the box; see container/idmap/. */
export interface BindMap {
  /** The owner of the source on the host. */
  readonly owner: Ids
  /** Whether mounts below the source are mapped too. Not all file systems can be. */
  readonly recursive: boolean
}

/** A part of the host that is visible in the box. */
export interface BindMount {
  /**
   * The path on the host: absolute and without symbolic links, because it is resolved before the
   * plan is made.
   */
  readonly source: string
  /** The absolute path in the box. */
  readonly target: string
  readonly directory: boolean
  readonly writable: boolean
  /** Whether the caller asked for it. Then an earlier program may have written its contents. */
  readonly foreign?: boolean
  /** Whether programs may change it in memory: only a kernel of our own can show that. */
  readonly copy?: boolean
  /** Given if the source appears to belong to the user of the box, and so can be written by it. */
  readonly map?: BindMap
  /** Whether device nodes work in it. Set only for the nodes of `/dev`. */
  readonly device?: boolean
  /** Whether the source is a path of the box, not of the host. */
  readonly inBox?: boolean
  /**
   * Whether it is a copy that was made for boxes. Then a bind inside it may have a target that it
   * lacks: it is mounted in parts, see `splitFor`.
   */
  readonly isCopy?: boolean
}

export interface SymbolicLink {
  readonly target: string
  readonly path: string
}

/** A small file that is written into the box. */
export interface SmallFile {
  readonly path: string
  readonly contents: Uint8Array
}

/** A writable directory: a tmpfs of its own, limited in bytes and inodes. */
export interface Scratch {
  readonly path: string
  readonly mode: number
  readonly bytes: number
  readonly inodes: number
  /** The owner of its root directory, as ids of the box. */
  readonly owner: Ids
  readonly noexec?: boolean
}

/** A path of procfs that is hidden. */
export interface MaskedPath {
  readonly path: string
  readonly directory: boolean
}

/**
 * What every box shows of the host, whatever its options. There is one such object per process,
 * and its plan is made and encoded once.
 */
export interface HostRoot {
  readonly binds: readonly BindMount[]
  readonly links: readonly SymbolicLink[]
  readonly masks: readonly MaskedPath[]
  /** Empty directories. */
  readonly directories: readonly string[]
}

/** A cgroup hierarchy in the box. */
export interface GroupMount {
  readonly type: 'cgroup' | 'cgroup2'
  readonly target: string
  /** mount(2)'s data. */
  readonly options: string
  /** The controllers of a v1 hierarchy. */
  readonly controllers: readonly string[]
}

/** What programs see of control groups; see `groups.ts`. */
export interface GroupView {
  /** They show the program's own group. */
  readonly own: readonly GroupMount[]
  /** They show nothing. */
  readonly covered: readonly GroupMount[]
  /** Whether init may enter a cgroup namespace of its own to mount those. */
  readonly mayEnter: boolean
}

/** What only this box has. */
export interface OwnRoot {
  readonly binds: readonly BindMount[]
  readonly links: readonly SymbolicLink[]
  readonly files: readonly SmallFile[]
  readonly scratch: readonly Scratch[]
  /** Undefined: its programs see no control groups. */
  readonly groups?: GroupView
}
