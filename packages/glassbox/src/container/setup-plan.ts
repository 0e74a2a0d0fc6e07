/**
 * The plan that init runs on itself before any program: file system, names, network, and the bounding set, which no
 * program of the box can then ever exceed. init keeps its own capabilities: it makes and cleans.
 */
import {
  AF_INET,
  KEYCTL_JOIN_SESSION_KEYRING,
  PR_CAPBSET_DROP,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
import type { Plan } from '../plan/types.ts'
import type { RootSpec } from '../rootfs/types.ts'
import { addRootSteps } from '../rootfs/steps.ts'
import { LAST_CAPABILITY } from './capabilities.ts'

const SIOCSIFFLAGS = 0x8914
const IFF_UP = 1

export interface SetupSpec {
  readonly hostname: string
  /** Whether the box has a network of its own, whose loopback is to be brought up. */
  readonly network: boolean
  readonly root: RootSpec
}

export function setupPlan(spec: SetupSpec): Plan {
  const builder = new PlanBuilder('furnish the box')
  builder
    .call('umask', [0o022], 'let the caller’s file mode mask have no say')
    // Processes inherit it: programs would have the keys of the caller's session, and meet there (session-keyring(7)).
    .call('keyctl', [KEYCTL_JOIN_SESSION_KEYRING, 0], 'leave the session keyring of the caller', {
      // A kernel without keys, or a filter around glassbox, which is then around the program too.
      onError: [ERRNO.ENOSYS, ERRNO.EPERM],
    })
  if (spec.network) addLoopbackSteps(builder)
  const name = Buffer.from(spec.hostname)
  builder.call('sethostname', [text(spec.hostname), name.length], 'name the box')
  addRootSteps(builder, spec.root)
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++) {
    builder.call(
      'prctl',
      [PR_CAPBSET_DROP, capability, 0, 0, 0],
      `drop capability ${capability} from the bounding set`,
    )
  }
  return builder.build()
}

/** struct ifreq of `lo`: the name in 16 bytes, then the flags. */
function addLoopbackSteps(builder: PlanBuilder): void {
  const socket = builder.slot('socket')
  const request = new Uint8Array(40)
  request.set(Buffer.from('lo'))
  new DataView(request.buffer).setInt16(16, IFF_UP, true)
  builder
    .call('socket', [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0], 'open a socket to configure loopback', {
      result: socket,
    })
    .call('ioctl', [socket, SIOCSIFFLAGS, { bytes: request }], 'bring loopback up')
    .call('close', [socket], 'close it')
}
