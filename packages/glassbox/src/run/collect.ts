/**
 * Copies the files named by `collect` out of a sandbox, once every process in it is dead: into the
 * result, or to the host.
 */
import { type Collect, type CollectTarget, hostPath } from '../job/files.ts'
import type { ResolvedCommand } from '../job/resolved.ts'
import type { CollectedFiles } from '../job/result.ts'
import type { SandboxFiles } from '../runners/runner.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import { Collected, IntoResult, OntoHost } from './collected.ts'

/**
 * The most entries of one collected directory. By default a working directory cannot hold more
 * (see `diskFiles`).
 */
const MAX_ENTRIES = 16_384

export const NOTHING_COLLECTED: CollectedFiles = { files: {}, directories: {}, fileErrors: {} }

const targetsOf = (wanted: Collect): readonly (readonly [string, CollectTarget])[] =>
  Array.isArray(wanted) ? wanted.map(name => [name, true] as const) : Object.entries(wanted)

/** Collects all files. `collectBytes` limits their common size. */
export async function collect(
  from: SandboxFiles,
  { collect: wanted, collectBytes }: ResolvedCommand,
  paths: HostPaths,
): Promise<CollectedFiles> {
  const found = new Collected(collectBytes)
  for (const [name, target] of targetsOf(wanted)) {
    const into =
      target === true ? new IntoResult(name, found) : new OntoHost(name, found, hostPath(target.file), paths)
    try {
      await from.visit(name, into, MAX_ENTRIES)
    } finally {
      into.close()
    }
  }
  return found.result()
}
