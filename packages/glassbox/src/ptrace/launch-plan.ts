/**
 * The two plans of a start. The first is run by the worker: its child becomes the launcher, with
 * the descriptors of the command in place. The second is sent to the launcher once it is seized,
 * and turns it into the command.
 */
import {
  AT_EMPTY_PATH,
  CLONE_CLEAR_SIGHAND,
  CLONE_VFORK,
  CLONE_VM,
  F_DUPFD_CLOEXEC,
  F_SETFD,
  FD_CLOEXEC,
  PR_SET_NO_NEW_PRIVS,
  SECCOMP_SET_MODE_FILTER,
  SIG_SETMASK,
} from '../linux/constants.ts'
import { signalNumber } from '../linux/signals.ts'
import { PlanBuilder, stringArray, text, words } from '../plan/builder.ts'
import type { Data, Plan, Slot } from '../plan/types.ts'

/** Where the launcher expects its socket; see native/launcher.c. */
export const LAUNCHER_SOCKET = 3
/** Above every descriptor that has a fixed place. */
const OUT_OF_THE_WAY = 64
const STDIO = ['stdin', 'stdout', 'stderr'] as const
const LAST_DESCRIPTOR = 0xffffffff
const SIGSET_BYTES = 8
const SIGACTION_BYTES = 32

/** Inputs: the launcher's socket, its file, and what become 0, 1 and 2. */
export function spawnPlan(): { readonly plan: Plan; readonly pid: Slot } {
  const builder = new PlanBuilder('start the launcher')
  const inputs = ['socket', 'launcher', ...STDIO].map(name => builder.input(name))
  const pid = builder.slot('pid of the launcher')
  const flags = BigInt(CLONE_VM + CLONE_VFORK + CLONE_CLEAR_SIGHAND)
  // Without an exit signal: nobody else's wait takes it. After its first execve it has SIGCHLD, as
  // any process.
  builder.clone({ flags, exitSignal: 0, result: pid, label: 'clone the launcher' }, () => {
    const high = moveAway(builder, inputs)
    const [socket, program, ...stdio] = high
    if (!socket || !program) throw new RangeError('the launcher has a socket and a file')
    for (const [index, slot] of stdio.entries())
      builder.call('dup3', [slot, index, 0], `put ${slot.label} into place`)
    addLauncherSteps(builder, socket, program)
  })
  return { plan: builder.build(), pid }
}

/** Copies of descriptors above those that have a fixed place. */
export function moveAway(builder: PlanBuilder, inputs: readonly Slot[]): readonly Slot[] {
  const high = inputs.map(({ label }) => builder.slot(label))
  for (const [index, input] of inputs.entries()) {
    const result = high[index]
    if (result)
      builder.call('fcntl', [input, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY], `move the ${input.label} away`, {
        result,
      })
  }
  return high
}

/** The process becomes the launcher. `socket` is no descriptor that has a fixed place. */
export function addLauncherSteps(builder: PlanBuilder, socket: Slot, program: Slot): void {
  builder
    .call('dup3', [socket, LAUNCHER_SOCKET, 0], 'give the launcher its socket')
    .call(
      'execveat',
      [program, text(''), stringArray(['glassbox-launcher']), stringArray([]), AT_EMPTY_PATH],
      'execute the launcher',
    )
}

export interface LaunchSpec {
  /** As execve gets it. */
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  /**
   * sock_filter array; `privileged`: it can be had without no_new_privs, which would make set-uid
   * programs lame.
   */
  readonly filter?: { readonly program: Uint8Array; readonly privileged: boolean }
}

/**
 * `failed`: what the process exits with where there is nothing to execute, for a parent that is
 * not its tracer.
 */
export function launchPlan(spec: LaunchSpec, failed?: number): Plan {
  const builder = new PlanBuilder(`run ${spec.path}`)
  builder
    .call('close_range', [LAUNCHER_SOCKET + 1, LAST_DESCRIPTOR, 0], 'close what is not the command’s')
    .call('fcntl', [LAUNCHER_SOCKET, F_SETFD, FD_CLOEXEC], 'let the socket end with execve')
  // Node ignores these two, and an ignored signal stays ignored over execve.
  for (const name of ['SIGPIPE', 'SIGXFSZ'] as const) {
    const signal = signalNumber(name) ?? 0
    const action = { bytes: new Uint8Array(SIGACTION_BYTES) }
    builder.call('rt_sigaction', [signal, action, 0, SIGSET_BYTES], `reset ${name}`)
  }
  if (spec.cwd !== undefined) builder.call('chdir', [text(spec.cwd)], `go to ${spec.cwd}`)
  // A filter that needs a privilege comes before the privilege is given up.
  if (spec.filter?.privileged) addFilter(builder, spec.filter.program)
  if (spec.user) addUser(builder, spec.user)
  if (spec.filter && !spec.filter.privileged) {
    builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privileges')
    addFilter(builder, spec.filter.program)
  }
  addReadySteps(builder)
  builder.call(
    'execve',
    [text(spec.path), stringArray(spec.argv), environment(spec.env)],
    `execute ${spec.path}`,
    failed === undefined ? {} : { onError: 'ignore' },
  )
  if (failed !== undefined) builder.call('exit_group', [failed], 'end')
  return builder.build()
}

const environment = (env: Readonly<Record<string, string>>): Data =>
  stringArray(Object.entries(env).map(([name, value]) => `${name}=${value}`))

/**
 * The last steps before execve of a child that a tracer has seized: by a signal to itself, which
 * nothing else notices, it stops once and the tracer knows that its execve comes next. All signals
 * are let through only here.
 */
export function addReadySteps(builder: PlanBuilder): void {
  const self = builder.slot('own pid')
  builder
    .call('getpid', [], 'get the own pid', { result: self })
    .call('rt_sigprocmask', [SIG_SETMASK, words(8, [0]), 0, SIGSET_BYTES], 'block no signal')
    .call('kill', [self, signalNumber('SIGCONT') ?? 0], 'tell the tracer')
}

function addUser(builder: PlanBuilder, { uid, gid, groups }: NonNullable<LaunchSpec['user']>): void {
  builder
    .call('setgroups', [groups.length, words(4, groups)], 'set the groups')
    .call('setresgid', [gid, gid, gid], `become group ${gid}`)
    .call('setresuid', [uid, uid, uid], `become user ${uid}`)
}

/** struct sock_fprog: the number of instructions, and a pointer to them. */
function addFilter(builder: PlanBuilder, filter: Uint8Array): void {
  const program = new Uint8Array(16)
  new DataView(program.buffer).setUint16(0, filter.length / 8, true)
  const data: Data = { bytes: program, pointers: [{ offset: 8, to: { bytes: filter } }] }
  builder.call('seccomp', [SECCOMP_SET_MODE_FILTER, 0, data], 'install the filter')
}
