/**
 * What a box shows of /sys: the CPUs of the host, which tell no more than /proc/cpuinfo, and an
 * empty list of network devices. Libraries that look for the topology of the machine (hwloc, and
 * so MPI) write errors if these are missing.
 */
import { statSync } from 'node:fs'
import type { BindMount } from './types.ts'

const PROCESSORS = '/sys/devices/system/cpu'

/** A directory that is made, and stays empty. */
export const NETWORK_DEVICES = '/sys/class/net'

/** A host may not show its CPUs: in a container, or a box. */
export function processors(): BindMount[] {
  if (!statSync(PROCESSORS, { throwIfNoEntry: false })) return []
  return [{ source: PROCESSORS, target: PROCESSORS, directory: true, writable: false }]
}
