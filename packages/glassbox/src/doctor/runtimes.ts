/**
 * The row about language runtimes: whether those in a box find its memory limit, and else the
 * option by which each is told.
 */
import { type CgroupSupport, detectCgroups } from '../cgroup/hierarchy.ts'
import type { Row } from './row.ts'

/** What tells a runtime a limit of 256 MiB, if it can see no cgroup. */
const OPTIONS: readonly string[] = [
  'java -XX:MaxRAM=256m',
  'node --max-old-space-size=192',
  'DOTNET_GCHeapHardLimit=0x10000000',
  'GOMEMLIMIT=230MiB',
  'R_MAX_VSIZE=256Mb',
]

export function runtimesRow({ memory }: CgroupSupport = detectCgroups()): Row {
  const subject = 'language runtimes'
  if ('place' in memory)
    return {
      subject,
      found: 'see their own cgroup in a box',
      state: 'yes',
      meaning: 'the JVM, Node.js and .NET size their heaps by the memory limit',
    }
  return {
    subject,
    found: 'see no cgroup in a box',
    state: 'partly',
    meaning: 'they take the memory of the host for theirs, and may reach the limit before they collect',
    fix: `make cgroups available, or tell each its limit, such as ${OPTIONS.join(', ')}`,
  }
}
