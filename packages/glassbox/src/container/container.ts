/**
 * A container: prepared namespaces with an init inside, ready to run programs one after another.
 *
 * The container owns init's process (reaped after its end), the host's end of the socket (closing
 * it ends everything inside), and a descriptor of the box's root. A caller keeps its own
 * descriptors. Invariant: after the report of a launch, no process of that program runs.
 */
import { closeSync, openSync } from 'node:fs'
import { BoxLostError, GlassboxError } from '../errors.ts'
import { close } from '../gate/descriptors.ts'
import { syscall } from '../gate/gate.ts'
import { DIRTY, MAX_PAYLOAD, REQUEST_TYPE } from '../gate/generated/layouts.ts'
import { reaped } from '../launch/reap.ts'
import { socketPair } from '../launch/socket-pair.ts'
import { programDescriptor } from '../launch/static-program.ts'
import { executeStep, stepError } from '../launch/step-error.ts'
import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { signalNumber } from '../linux/signals.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { PlanBuilder } from '../plan/builder.ts'
import { encodePlan, fallbacksOf } from '../plan/encode.ts'
import type { Plan } from '../plan/types.ts'
import { addFreshScratchSteps } from '../rootfs/steps.ts'
import type { GroupView, HostRoot, OwnRoot } from '../rootfs/types.ts'
import { moveToAnotherCpu } from './another-cpu.ts'
import { cloneInto } from './clone-into.ts'
import { Connection } from './connection.ts'
import { withCarriers } from './idmap/carriers.ts'
import { type Identity, identityOf, isPrivileged } from './identity.ts'
import { entering, withNetwork } from './network.ts'
import type { PreparePlan } from './prepare-plan.ts'
import { hostSetup, ownSetupPlan } from './setup-plan.ts'
import { needsHandover, receiveRoot } from './root-handover.ts'
import { type SpawnSpec, spawnPlan } from './spawn-plan.ts'
import { encodeLaunch, encodePrepare, type EndedReply, type LaunchHeader } from './wire.ts'

export interface ContainerSpec {
  readonly hostname: string
  /**
   * Whether the box has a network of its own, with only loopback. Otherwise it uses the host's.
   */
  readonly network: boolean
  /** Use the same object for every box: its plan is made once per object. */
  readonly host: HostRoot
  /** Called once the identity is known, because the directories belong to it. */
  readonly own: (identity: Identity) => OwnRoot
}

/**
 * How long a closing container may take before init gets SIGCONT, and before it is killed, in ms.
 * Usually it takes a millisecond.
 */
const PATIENCE_MS = { wake: 500, kill: 3000 } as const
const KILL = syscallNumber('kill')

/** A plan for init, with the descriptors that become its first slots. */
export interface PlanRequest {
  readonly plan: Plan
  readonly descriptors: readonly number[]
}

/** Sends what only this box has, once init's process id is known. */
type OwnPart = (
  connection: Connection,
  pid: number,
) => {
  readonly identity: Identity
  readonly boxRoot: Pick<OwnRoot, 'scratch' | 'binds' | 'groups'>
  readonly setups: readonly Promise<readonly string[]>[]
}

export interface Launch {
  readonly plan: Plan
  readonly header: LaunchHeader
  readonly descriptors: readonly number[]
}

export interface RunningLaunch {
  /**
   * Ends the program, and everything that it started, for a cause of the host's (`CAUSE.host` and
   * above).
   */
  kill(cause: number): void
  readonly ended: Promise<EndedReply>
}

/** How a box for this process is spawned: with privilege, or in a user namespace. */
export function spawnSpec(network: boolean, privileged: boolean = isPrivileged()): SpawnSpec {
  if (privileged) return { network }
  const { uid, gid } = identityOf(0, false)
  const outer = { outerUid: process.geteuid?.() ?? uid, outerGid: process.getegid?.() ?? gid }
  return { network, userNamespace: { uid, gid, ...outer } }
}

export class Container {
  readonly identity: Identity
  /** The process id of init on the host. */
  readonly pid: number
  /**
   * Resolves when the box is set up. Requests may be sent before; if it rejects, no program is
   * ever started.
   */
  readonly ready: Promise<void>
  readonly #connection: Connection
  readonly #boxRoot: Pick<OwnRoot, 'scratch' | 'binds' | 'groups'>
  #isReady = false
  #fallbacks: readonly string[] = []
  #root = -1

  private constructor(
    pid: number,
    connection: Connection,
    identity: Identity,
    boxRoot: Pick<OwnRoot, 'scratch' | 'binds' | 'groups'>,
    setups: readonly Promise<readonly string[]>[],
  ) {
    this.pid = pid
    this.identity = identity
    this.#connection = connection
    this.#boxRoot = boxRoot
    this.ready = this.#setUp(setups)
    // A failure is reported to the callers that await it, or by the launch that fails with it.
    this.ready.catch(() => {})
  }

  /**
   * Starts init in new namespaces and makes it set up the box. On failure nothing is left behind.
   * The plan that all boxes share is sent before init starts. init begins with it while this
   * process makes the rest.
   */
  static async open({ hostname, network, host, own }: ContainerSpec): Promise<Container> {
    const privileged = isPrivileged()
    const spec = spawnSpec(network, privileged)
    const setup = hostSetup(host, spec.userNamespace)
    const container = await Container.#start(
      { plan: setup.plan, descriptors: [] },
      spec,
      (connection, pid) => {
        const identity = identityOf(pid, privileged)
        const boxRoot = own(identity)
        const rest = withCarriers(boxRoot.binds, identity, carriers =>
          requestPlan(connection, ownSetupPlan({ hostname, root: boxRoot }, setup.made), carriers),
        )
        rest.catch(() => {}) // `ready` rejects with it
        return { identity, boxRoot, setups: [rest] }
      },
    )
    if (needsHandover(privileged)) await container.#receiveRoot()
    return container
  }

  /**
   * Starts init in new namespaces, with privilege. It runs `first`, and its root stays the host's
   * until its owner has sent the plans (`runPlan`) that make the box. The programs' user is given
   * to each of them.
   */
  static openBare(network: boolean, first: Plan): Promise<Container> {
    return Container.#start({ plan: first, descriptors: [] }, spawnSpec(network, true), (_, pid) => ({
      identity: identityOf(pid, true),
      boxRoot: { scratch: [], binds: [] },
      setups: [],
    }))
  }

  static async #start(first: PlanRequest, spec: SpawnSpec, rest: OwnPart): Promise<Container> {
    const { ours, theirs } = socketPair()
    const connection = new Connection(ours)
    let pid: number | undefined
    try {
      const shown = requestPlan(connection, first.plan, first.descriptors)
      shown.catch(() => {}) // `ready` rejects with it
      pid = spawn(spec, theirs)
      moveToAnotherCpu(pid)
      connection.listen()
      const { identity, boxRoot, setups } = rest(connection, pid)
      const connected = spec.network ? [connectNetwork(connection, !spec.userNamespace)] : []
      return new Container(pid, connection, identity, boxRoot, [shown, ...setups, ...connected])
    } catch (error) {
      await end(connection, pid)
      throw error
    }
  }

  async #setUp(setups: readonly Promise<readonly string[]>[]): Promise<void> {
    this.#fallbacks = (await Promise.all(setups)).flat()
    this.#isReady = true
  }

  /** The fallbacks that were taken, once the box is ready: see rootfs/fallbacks.ts. */
  get fallbacks(): readonly string[] {
    return this.#fallbacks
  }

  /** What its programs see of control groups. */
  get groups(): GroupView | undefined {
    return this.#boxRoot.groups
  }

  get ended(): boolean {
    return this.#connection.ended
  }

  /**
   * Opens a directory of the box's own root, which no program can change. If something is mounted
   * on the directory, that is opened. The caller closes the descriptor.
   */
  openDirectory(path: string): number {
    const root = this.rootDirectory()
    return openSync(`/proc/self/fd/${root}${path}`, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
  }

  /** A descriptor of the box's root, which this object closes. */
  rootDirectory(): number {
    // Before the box is set up, init's root is the host's.
    if (!this.#isReady) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', 'The box is not set up yet.')
    this.#openRoot()
    return this.#root
  }

  /** On failure the container is closed. */
  async #receiveRoot(): Promise<void> {
    try {
      await this.ready
      this.#root = await receiveRoot((plan, descriptors) => this.runPlan(plan, descriptors))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  #openRoot(): void {
    if (this.#root >= 0) return
    try {
      this.#root = openSync(`/proc/${this.pid}/root`, O_PATH | O_DIRECTORY | O_CLOEXEC)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A process that has ended has no root (ENOENT). Without privilege the error can be EACCES.
      throw code === 'ENOENT' || code === 'EACCES'
        ? new BoxLostError(this.#connection.mayHaveRun, error)
        : error
    }
  }

  /** Makes init run a plan on itself. */
  async runPlan(plan: Plan, descriptors: readonly number[] = []): Promise<void> {
    await requestPlan(this.#connection, plan, descriptors)
  }

  /**
   * Sets the plan that init runs when this process has ended. It must be sent before anything is
   * made that it removes. The reply need not be awaited, because init reads what was sent even
   * after the end of this process.
   */
  setDisconnectPlan({ plan, descriptors }: PlanRequest): void {
    const { bytes } = encodePlan(plan)
    // If the box is lost already, the next request reports it.
    this.#connection.request(REQUEST_TYPE.disconnect, bytes, descriptors).reply.catch(() => {})
  }

  /**
   * Makes init clone the child that will become the next program. The child joins its cgroup and
   * waits. Resolves when it waits; a launch may be sent earlier. Any other request ends the
   * waiting, and another child must be prepared then. With `compare`, init first compares the box
   * with its fingerprint: if programs have changed it, nothing is done, and the result says which
   * parts are dirty, as a sum of `DIRTY`.
   */
  async prepare(
    { plan, header }: PreparePlan,
    descriptors: readonly number[],
    compare = false,
  ): Promise<number> {
    const { bytes, origin } = encodePlan(plan)
    const payload = encodePrepare({ ...header, fingerprint: compare }, bytes)
    const reply = await this.#connection.request(REQUEST_TYPE.prepare, payload, descriptors).reply
    if (reply.errno !== 0) throw await this.#reason(stepError(plan, origin[reply.step], reply.errno))
    return reply.cause
  }

  /**
   * Takes new fingerprints of parts of the box, a sum of `DIRTY`. Returns which of the other
   * parts are dirty.
   */
  async fingerprint(renewed: number): Promise<number> {
    const payload = new Uint8Array(Uint32Array.of(renewed).buffer)
    return (await this.#connection.request(REQUEST_TYPE.fingerprint, payload, []).reply).cause
  }

  /**
   * Replaces the writable directories by empty ones. Open descriptors still refer to the old ones.
   * Does nothing and resolves with false if something is bound below one, because the bind would
   * be lost.
   */
  async freshScratch(): Promise<boolean> {
    const { scratch, binds } = this.#boxRoot
    if (scratch.some(({ path }) => binds.some(({ target }) => target.startsWith(`${path}/`)))) return false
    const builder = new PlanBuilder('lay out fresh scratch directories')
    addFreshScratchSteps(builder, scratch)
    await this.runPlan(builder.build())
    await this.fingerprint(DIRTY.scratch)
    return true
  }

  /**
   * Turns the prepared child into the program. If a step up to execve fails, `ended` rejects with
   * an error that names it.
   */
  launch({ plan, header, descriptors }: Launch): RunningLaunch {
    const { bytes, origin } = encodePlan(plan)
    const payload = encodeLaunch(header, bytes)
    // Only arguments and environment can be that large. The kernel takes at most 6 MiB of them
    // (execve(2)) and would fail with the same error.
    if (payload.length > MAX_PAYLOAD) throw stepError(plan, executeStep(plan), ERRNO.E2BIG)
    const { id, reply } = this.#connection.request(REQUEST_TYPE.launch, payload, descriptors)
    const ended = reply.then(async report => {
      if (report.errno !== 0) throw await this.#reason(stepError(plan, origin[report.step], report.errno))
      return report as EndedReply
    })
    return { kill: cause => this.#connection.kill(id, cause), ended }
  }

  /**
   * init runs no plan in a box whose set-up failed. Then the error to report is that of the
   * set-up.
   */
  async #reason(error: GlassboxError): Promise<unknown> {
    return this.ready.then(
      () => error,
      (reason: unknown) => reason,
    )
  }

  /** Ends everything inside and waits until init is reaped. Works also if init is stopped. */
  async close(): Promise<void> {
    if (this.#root >= 0) closeSync(this.#root)
    this.#root = -1
    await end(this.#connection, this.pid)
  }
}

/** Does nothing if the process has ended. */
const signal = (pid: number, name: 'SIGCONT' | 'SIGKILL'): number =>
  syscall(KILL, pid, signalNumber(name) ?? 0)

/**
 * Closes the connection and reaps init, if there is one. init ends by itself, unless it is
 * stopped, or waits for something in the kernel.
 */
async function end(connection: Connection, pid: number | undefined): Promise<void> {
  connection.close()
  if (pid === undefined) return connection.closed
  const kill = (): number => signal(pid, 'SIGKILL')
  let timer = setTimeout(() => {
    signal(pid, 'SIGCONT')
    timer = setTimeout(kill, PATIENCE_MS.kill - PATIENCE_MS.wake)
  }, PATIENCE_MS.wake)
  await connection.closed
  // init is reaped below and nowhere else, so its process id cannot have been reused yet.
  clearTimeout(timer)
  await reaped(pid)
}

/** Makes init run a plan on itself. Resolves with the names of the fallbacks that it took. */
async function requestPlan(
  connection: Connection,
  plan: Plan,
  descriptors: readonly number[] = [],
): Promise<readonly string[]> {
  const { bytes, origin } = encodePlan(plan)
  const reply = await connection.request(REQUEST_TYPE.plan, bytes, descriptors).reply
  if (reply.errno !== 0) throw stepError(plan, origin[reply.step], reply.errno)
  return fallbacksOf(plan, reply.cause)
}

const connectNetwork = (connection: Connection, privileged: boolean): Promise<readonly string[]> =>
  privileged
    ? withNetwork((network, taking) => requestPlan(connection, taking, [network]))
    : requestPlan(connection, entering)

/**
 * Clones init and returns its process id. Closes this process's copy of init's end of the socket.
 */
function spawn(spec: SpawnSpec, socket: number): number {
  try {
    const { plan, pid } = spawnPlan(spec)
    const inputs = [socket, programDescriptor('init')]
    return Number(cloneInto(spec, { plan, inputs, made: { children: [pid.slot] } })[pid.slot])
  } finally {
    close(socket)
  }
}
