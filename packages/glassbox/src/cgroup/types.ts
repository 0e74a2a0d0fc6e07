/**
 * What is said about cgroup hierarchies: controllers, the places where groups are made, and what
 * that depends on.
 */

export type Controller = 'memory' | 'pids' | 'cpuacct' | 'cpu' | 'cpuset'

export interface Place {
  readonly version: 1 | 2
  /** The directory of a hierarchy that groups of ours are made in. */
  readonly base: string
}

/** What the host offers for one controller: a place, or the reason why there is none. */
export type ControllerSupport = { readonly place: Place } | { readonly missing: string }

export type CgroupSupport = Readonly<Record<Controller, ControllerSupport>>

/** The texts and the one question that the answer depends on; tests give their own. */
export interface HostView {
  readonly mountinfo: string
  readonly cgroup: string
  readonly controllersOf: (directory: string) => readonly string[]
  /** Whether a group can be made in `directory`, and processes be moved into it. */
  readonly writable: (directory: string) => boolean
  /** Whether systemd has delegated the v2 group of `directory`: Delegate=yes. */
  readonly marked: (directory: string) => boolean
  /** A v2 directory to make groups in, where the host's administrator gave one. */
  readonly delegated?: string
}
