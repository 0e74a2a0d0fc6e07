/**
 * The capabilities of this thread; see capabilities(7). A process can give them up at any time, so
 * each question asks the kernel again.
 */
import { readFileSync } from 'node:fs'
import { call } from '../gate/gate.ts'
import { PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_CAPBSET_DROP } from '../linux/constants.ts'
import { type PlanBuilder, words } from '../plan/builder.ts'

function lastCapability(): number {
  try {
    return Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  } catch {
    return 40 // CAP_CHECKPOINT_RESTORE, Linux 5.9; later kernels have no more so far
  }
}

/** The highest capability of the running kernel. */
export const LAST_CAPABILITY: number = lastCapability()

/** _LINUX_CAPABILITY_VERSION_3: sets of 64 bits. */
export const CAPABILITY_VERSION_3 = 0x20080522

/**
 * The effective set, by capget(2), which takes a hundredth of the time of reading
 * /proc/self/status.
 */
function effectiveCapabilities(): bigint {
  // Two times 32 bits of effective, permitted and inheritable.
  const sets = new Uint32Array(6)
  call('capget', [Uint32Array.of(CAPABILITY_VERSION_3, 0), sets])
  return BigInt(sets[0] ?? 0) | (BigInt(sets[3] ?? 0) << 32n)
}

/**
 * Whether this thread has all of these capabilities in effect.
 *
 * @example
 * hasCapabilities(CAP_SYS_ADMIN, CAP_SETUID)
 */
export function hasCapabilities(...capabilities: readonly number[]): boolean {
  const effective = effectiveCapabilities()
  return capabilities.every(capability => (effective >> BigInt(capability)) & 1n)
}

/**
 * Empties the bounding set of the calling thread, which its children inherit; needs CAP_SETPCAP.
 * For a thread that executes no program: what it has in effect, it keeps.
 */
export function emptyBoundingSet(): void {
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++)
    call('prctl', [PR_CAPBSET_DROP, capability, 0, 0, 0])
}

/** Steps that empty the bounding set; they need CAP_SETPCAP. */
export function addBoundingSetSteps(builder: PlanBuilder): void {
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++) {
    builder.call(
      'prctl',
      [PR_CAPBSET_DROP, capability, 0, 0, 0],
      `drop capability ${capability} from the bounding set`,
    )
  }
}

/** Steps that empty the other four sets. They need no right. */
export function addCapabilityDropSteps(builder: PlanBuilder): void {
  builder
    .call('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], 'drop ambient capabilities')
    .call(
      'capset',
      [words(4, [CAPABILITY_VERSION_3, 0]), { bytes: new Uint8Array(24) }],
      'drop all capabilities',
    )
}
