/**
 * The plan that a thread of Node runs: it clones init into the namespaces of a box. The child shares Node's memory until
 * it execs, so its part is short: descriptors into place, in a user namespace the id maps and the capabilities that are
 * to survive execve, and execve itself.
 */
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  CLONE_CLEAR_SIGHAND,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_VFORK,
  CLONE_VM,
  F_DUPFD_CLOEXEC,
  O_CLOEXEC,
  O_WRONLY,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_RAISE,
} from '../linux/constants.ts'
import { PlanBuilder, stringArray, text, words } from '../plan/builder.ts'
import type { Plan, Slot } from '../plan/types.ts'
import { CAPABILITY_VERSION_3, LAST_CAPABILITY } from '../launch/capabilities.ts'

/**
 * The highest there is: where the host runs out of memory, boxes go before the service and everything else. With
 * CAP_SYS_RESOURCE it is then also the lowest that a program of the box can choose (proc_pid_oom_score_adj(5)).
 */
const OOM_SCORE = '1000'

/** Where init expects its socket; see native/init.h. */
const INIT_SOCKET = 3
/** Above every descriptor that has a fixed place. */
const OUT_OF_THE_WAY = 64

export interface SpawnSpec {
  /** One of its own: from birth in an unprivileged box, else it is handed over (network.ts). */
  readonly network: boolean
  /** In an unprivileged box: the ids outside that its one id maps to. */
  readonly userNamespace?: {
    readonly uid: number
    readonly gid: number
    readonly outerUid: number
    readonly outerGid: number
  }
}

/** The plan, and the slot in which it leaves the process id of init. Inputs: init's socket, the file of init. */
export function spawnPlan(spec: SpawnSpec): { plan: Plan; pid: Slot } {
  const builder = new PlanBuilder('start init in the namespaces of the box')
  const socket = builder.input('socket')
  const program = builder.input('init')
  const pid = builder.slot('pid of init')
  builder.clone(
    {
      flags: BigInt(namespaceFlags(spec)),
      exitSignal: 0,
      result: pid,
      label: 'clone init into new namespaces',
    },
    () => {
      const high = { socket: builder.slot('socket'), program: builder.slot('init') }
      builder
        .call('fcntl', [socket, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY], 'move the socket away', {
          result: high.socket,
        })
        .call('fcntl', [program, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY], 'move init away', { result: high.program })
        .call('dup3', [high.socket, INIT_SOCKET, 0], 'give init its socket')
      // Here, where a child of vfork changes its own score only: init itself is not dumpable, so its file is not its own.
      addFileSteps(builder, '/proc/self/oom_score_adj', OOM_SCORE)
      if (spec.userNamespace) addUserNamespaceSteps(builder, spec.userNamespace)
      builder.call(
        'execveat',
        [high.program, text(''), stringArray(['glassbox-init']), stringArray([]), AT_EMPTY_PATH],
        'execute init',
      )
    },
  )
  return { plan: builder.build(), pid }
}

function namespaceFlags({ network, userNamespace }: SpawnSpec): number {
  const flags = CLONE_VM + CLONE_VFORK + CLONE_CLEAR_SIGHAND
  const namespaces = CLONE_NEWNS + CLONE_NEWPID + CLONE_NEWUTS
  return flags + namespaces + (userNamespace ? CLONE_NEWUSER + (network ? CLONE_NEWNET : 0) : 0)
}

function addFileSteps(builder: PlanBuilder, path: string, contents: string): void {
  const fd = builder.slot('file')
  const bytes = Buffer.from(contents)
  builder
    .call('openat', [AT_FDCWD, text(path), O_WRONLY | O_CLOEXEC, 0], `open ${path}`, { result: fd })
    .call('write', [fd, { bytes }, bytes.length], `write ${path}`)
    .call('close', [fd], `close ${path}`)
}

/**
 * A process may map its own id in a user namespace that it was cloned into (user_namespaces(7)); setgroups must be
 * denied first. init is not root in there, so its capabilities survive execve only as ambient ones (capabilities(7)).
 */
function addUserNamespaceSteps(builder: PlanBuilder, ids: NonNullable<SpawnSpec['userNamespace']>): void {
  addFileSteps(builder, '/proc/self/setgroups', 'deny')
  addFileSteps(builder, '/proc/self/uid_map', `${ids.uid} ${ids.outerUid} 1\n`)
  addFileSteps(builder, '/proc/self/gid_map', `${ids.gid} ${ids.outerGid} 1\n`)

  const header = words(4, [CAPABILITY_VERSION_3, 0])
  // The kernel knows LAST_CAPABILITY + 1 of them; the same numbers as permitted become inheritable.
  const all = (1n << BigInt(LAST_CAPABILITY + 1)) - 1n
  const low = Number(all & 0xffffffffn)
  const highBits = Number(all >> 32n)
  builder.call(
    'capset',
    [header, words(4, [low, low, low, highBits, highBits, highBits])],
    'let capabilities be inherited',
  )
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++) {
    builder.call(
      'prctl',
      [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0],
      `keep capability ${capability}`,
    )
  }
}
