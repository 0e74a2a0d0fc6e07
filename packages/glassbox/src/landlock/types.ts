/**
 * Landlock (landlock(7)): rules about files that hold for a process and its children for life, by
 * the object that the kernel found. They need no privilege, only no_new_privs.
 */

/** One rule: a path of the host (or of the box, if the steps run there) and what it grants. */
export interface LandlockRule {
  /** Opened with O_PATH when the steps run. A path that does not exist grants nothing. */
  readonly path: string
  /** LANDLOCK_ACCESS_FS_* bits. For a file, bits that only directories have are left out. */
  readonly access: bigint
}

/** What a ruleset handles: everything handled and not granted is denied. */
export interface LandlockSpec {
  /** The ABI that the spec was made for; see landlock_create_ruleset(2). */
  readonly abi: number
  readonly handled: bigint
  /** LANDLOCK_SCOPE_* bits: signals and abstract sockets stay inside. ABI 6. */
  readonly scoped: bigint
  readonly rules: readonly LandlockRule[]
}
