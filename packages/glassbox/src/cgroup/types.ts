/**
 * Types of the cgroup hierarchies: the controllers, the places in which groups are made, and the
 * view of the host from which these are found.
 */

export type Controller = 'memory' | 'pids' | 'cpuacct' | 'cpu' | 'cpuset'

export interface Place {
  readonly version: 1 | 2
  /** The directory of a hierarchy in which glassbox makes its groups. */
  readonly base: string
}

/** What the host offers for one controller: a place, or the reason why there is none. */
export type ControllerSupport = { readonly place: Place } | { readonly missing: string }

export type CgroupSupport = Readonly<Record<Controller, ControllerSupport>>

/** What detection reads of the host. Tests pass their own. */
export interface HostView {
  readonly mountinfo: string
  readonly cgroup: string
  readonly controllersOf: (directory: string) => readonly string[]
  /** Whether this process can make a group in `directory` and move processes into it. */
  readonly writable: (directory: string) => boolean
  /** Whether systemd has delegated the v2 group of `directory`: Delegate=yes. */
  readonly marked: (directory: string) => boolean
  /**
   * The v2 directory in which to make groups, if the administrator named one (GLASSBOX_CGROUP).
   */
  readonly delegated?: string
}
