/**
 * The plan that init runs for each program. The child shares init's memory and descriptor table until execve: so the
 * seccomp listener that it makes is init's too, and descriptors 0 to 2 may be put into place in that table, where init has
 * nothing. Everything else of init's is close-on-exec.
 *
 * Order, and why: into the cgroups first, so that everything is charged; the cgroup namespace after that, so that its root
 * is the box's own cgroup; limits and identity while init's capabilities are still there; the filter last, since it
 * may forbid what the steps before it need.
 */
import {
  AT_FDCWD,
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_VFORK,
  CLONE_VM,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_SET_NO_NEW_PRIVS,
  RESOLVE_NO_MAGICLINKS,
  RLIMIT_CORE,
  SECCOMP_FILTER_FLAG_NEW_LISTENER,
  SECCOMP_SET_MODE_FILTER,
  SIG_SETMASK,
  SIGCHLD,
} from '../linux/constants.ts'
import { PlanBuilder, stringArray, text, words } from '../plan/builder.ts'
import type { Data, Plan, Slot } from '../plan/types.ts'
import type { Identity } from './identity.ts'

const CAPABILITY_VERSION_3 = 0x20080522
const RLIM_INFINITY = 2n ** 64n - 1n
const UMASK = 0o022
/** struct open_how of openat2(2). */
const OPEN_HOW_BYTES = 24

/** A resource limit: soft and hard are the same, but where `hard` says otherwise. */
export interface ResourceLimit {
  /** RLIMIT_*. */
  readonly resource: number
  /** `Infinity` for none. */
  readonly value: number
  readonly hard?: number
  readonly label: string
}

export interface LaunchSpec {
  /** Absolute, as seen in the box. */
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly identity: Identity
  readonly rlimits: readonly ResourceLimit[]
  /** sock_filter array, or none. */
  readonly filter?: Uint8Array
  /** Whether the filter reports calls to init. */
  readonly listens: boolean
  /** How many `cgroup.procs` files there are to join by (v1), and whether the child is born in a v2 cgroup. */
  readonly joins: number
  readonly bornInCgroup: boolean
  /** Whether there is a descriptor of the CPU time among the inputs. */
  readonly cpuFile: boolean
}

export interface LaunchPlan {
  readonly plan: Plan
  readonly pid: Slot
  readonly listener: Slot
  readonly cpuFile: Slot | undefined
  /** The time just before execve. */
  readonly started: Slot
}

/** Inputs, in this order: stdin, stdout, stderr, the files to join by, the v2 cgroup, the file of the CPU time. */
export function launchPlan(spec: LaunchSpec): LaunchPlan {
  const builder = new PlanBuilder(`run ${spec.path}`)
  const stdio = ['stdin', 'stdout', 'stderr'].map(name => builder.input(name))
  const joins = Array.from({ length: spec.joins }, (_, index) => builder.input(`cgroup.procs ${index + 1}`))
  const cgroup = spec.bornInCgroup ? builder.input('cgroup') : undefined
  const cpuFile = spec.cpuFile ? builder.input('cpu time') : undefined
  const pid = builder.slot('pid')
  const listener = builder.slot('listener')
  const started = builder.slot('time of the start')
  const directory = builder.slot('working directory')
  const flags = CLONE_VM + CLONE_VFORK + CLONE_FILES + CLONE_CLEAR_SIGHAND + (cgroup ? CLONE_INTO_CGROUP : 0)
  builder.clone(
    {
      flags: BigInt(flags),
      exitSignal: SIGCHLD,
      result: pid,
      label: 'clone the program',
      ...(cgroup ? { cgroup } : {}),
    },
    () => {
      for (const [index, slot] of stdio.entries())
        builder.call('dup3', [slot, index, 0], `put ${slot.label} into place`)
      addCgroupSteps(builder, joins, cgroup)
      addSessionSteps(builder, spec)
      addPrivilegeSteps(builder, spec.identity)
      addDirectorySteps(builder, directory, spec.cwd)
      if (spec.filter) addFilterSteps(builder, spec.filter, spec.listens ? listener : undefined)
      builder.clock(started, 'note the time')
      builder.call(
        'execve',
        [text(spec.path), stringArray(spec.argv), environment(spec.env)],
        `execute ${spec.path}`,
      )
    },
  )
  return { plan: builder.build(), pid, listener, cpuFile, started }
}

const environment = (env: Readonly<Record<string, string>>): Data =>
  stringArray(Object.entries(env).map(([name, value]) => `${name}=${value}`))

function addCgroupSteps(builder: PlanBuilder, joins: readonly Slot[], born: Slot | undefined): void {
  for (const join of joins)
    builder.call('write', [join, { bytes: Buffer.from('0') }, 1], `join the cgroup by ${join.label}`)
  // A directory of the host's, in the table of descriptors that init and the child share.
  if (born) builder.call('close', [born], 'close the cgroup')
  if (joins.length > 0 || born)
    builder.call('unshare', [CLONE_NEWCGROUP], 'make that cgroup the root that it sees')
}

/**
 * Until execve the program has init's descriptors, and some are directories of the host's. A name of the box may be a link
 * to /proc/self/fd/N that an earlier program left: links of that kind are not followed.
 */
function addDirectorySteps(builder: PlanBuilder, directory: Slot, path: string): void {
  const how = words(8, [O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS])
  builder
    .call('openat2', [AT_FDCWD, text(path), how, OPEN_HOW_BYTES], `open the working directory ${path}`, {
      result: directory,
    })
    .call('fchdir', [directory], `go to ${path}`)
    .call('close', [directory], `close ${path}`)
}

function addSessionSteps(builder: PlanBuilder, { rlimits }: LaunchSpec): void {
  builder
    .call('setsid', [], 'start a session without a terminal')
    .call('umask', [UMASK], 'fix the file mode mask')
    .call('rt_sigprocmask', [SIG_SETMASK, words(8, [0]), 0, 8], 'unblock all signals')
  for (const { resource, value, hard, label } of rlimits) {
    const number = (limit: number): bigint => (limit === Infinity ? RLIM_INFINITY : BigInt(limit))
    builder.call(
      'prlimit64',
      [0, resource, words(8, [number(value), number(hard ?? value)]), 0],
      `limit ${label}`,
    )
  }
}

function addPrivilegeSteps(builder: PlanBuilder, { uid, gid, userNamespace }: Identity): void {
  builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privilege by execve')
  if (!userNamespace) {
    builder
      .call('setgroups', [0, 0], 'drop supplementary groups')
      .call('setresgid', [gid, gid, gid], 'become the group of the box')
      .call('setresuid', [uid, uid, uid], 'become the user of the box')
  }
  builder
    .call('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], 'drop ambient capabilities')
    .call(
      'capset',
      [words(4, [CAPABILITY_VERSION_3, 0]), { bytes: new Uint8Array(24) }],
      'drop all capabilities',
    )
}

/** struct sock_fprog: the number of instructions, and a pointer to them. */
function addFilterSteps(builder: PlanBuilder, filter: Uint8Array, listener: Slot | undefined): void {
  const program = new Uint8Array(16)
  new DataView(program.buffer).setUint16(0, filter.length / 8, true)
  const data: Data = { bytes: program, pointers: [{ offset: 8, to: { bytes: filter } }] }
  builder.call(
    'seccomp',
    [SECCOMP_SET_MODE_FILTER, listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, data],
    'install the filter',
    listener ? { result: listener } : {},
  )
}

/** No core files. Behind a pipe in core_pattern the kernel ignores 0 but never starts the handler for 1 (core(5)). */
export function coreLimit(corePattern: string): ResourceLimit {
  return { resource: RLIMIT_CORE, value: corePattern.startsWith('|') ? 1 : 0, label: 'core files' }
}
