/**
 * A container: prepared namespaces with an init inside, ready to run programs one after another.
 *
 * Who owns what: the container owns init's process (reaped after its end), the host's end of the socket (closing it ends
 * everything inside), and a descriptor of the box's working directory. A caller's descriptors stay the caller's.
 * Invariant: after a launch's report nothing of that program runs any more.
 */
import { closeSync, openSync } from 'node:fs'
import { BoxLostError, GlassboxError } from '../errors.ts'
import { close } from '../gate/descriptors.ts'
import { call } from '../gate/gate.ts'
import {
  AF_UNIX,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { PlanBuilder } from '../plan/builder.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Plan } from '../plan/types.ts'
import { addFreshScratchSteps } from '../rootfs/steps.ts'
import type { HostRoot, OwnRoot } from '../rootfs/types.ts'
import { cloneInto } from './clone-into.ts'
import { Connection } from './connection.ts'
import { startElsewhere } from './move-to-another-cpu.ts'
import { storeOf } from './host-store.ts'
import { type Identity, identityOf, isPrivileged } from './identity.ts'
import { initDescriptor } from '../launch/static-program.ts'
import { entering, joining, withNetwork } from './network.ts'
import type { PreparePlan } from './prepare-plan.ts'
import { reap } from '../launch/reap-init.ts'
import { hostSetup, ownSetupPlan } from './setup-plan.ts'
import { type SpawnSpec, spawnPlan } from './spawn-plan.ts'
import { executeStep, stepError } from '../launch/step-error.ts'
import {
  encodeLaunch,
  encodePrepare,
  type EndedReply,
  type LaunchHeader,
  MAX_PAYLOAD_BYTES,
  PART,
  REQUEST,
} from './wire.ts'

export interface ContainerSpec {
  readonly hostname: string
  /** A network of its own with nothing but loopback; else the host's. */
  readonly network: boolean
  /** The same object for one box after another, so that its plan is. */
  readonly host: HostRoot
  /** Made when the identity is known: directories belong to it. */
  readonly own: (identity: Identity) => OwnRoot
}

/** A plan for init, with the descriptors that become its first slots. */
export interface Farewell {
  readonly plan: Plan
  readonly descriptors: readonly number[]
}

export interface Launch {
  readonly plan: Plan
  readonly header: LaunchHeader
  readonly descriptors: readonly number[]
}

export interface RunningLaunch {
  /** Ends the program, and everything that it started, for a cause of the host's (`CAUSE.host` and above). */
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
  /** Resolves when the box is furnished. Until then requests may be sent; where it fails, no program is ever started. */
  readonly furnished: Promise<void>
  readonly #connection: Connection
  readonly #furniture: OwnRoot
  #isFurnished = false
  #root = -1

  private constructor(
    pid: number,
    connection: Connection,
    identity: Identity,
    furniture: OwnRoot,
    furnishing: readonly Promise<void>[],
  ) {
    this.pid = pid
    this.identity = identity
    this.#connection = connection
    this.#furniture = furniture
    this.furnished = this.#furnish(furnishing)
    this.furnished.catch(() => {}) // told by whoever awaits it, or the program that was not started
  }

  /**
   * Starts init in new namespaces, and has it furnish the box. On failure nothing is left. What boxes have alike is sent before init is
   * there: it begins with that while this process makes the rest.
   */
  static async open({ hostname, network, host, own }: ContainerSpec): Promise<Container> {
    const privileged = isPrivileged()
    const setup = hostSetup(host)
    const store = storeOf(host.files)
    const { ours, theirs } = socketPair()
    const connection = new Connection(ours)
    let pid: number | undefined
    try {
      const shown = requestPlan(connection, setup.plan, [store])
      shown.catch(() => {}) // told by `furnished`, where it comes to that
      pid = spawn(spawnSpec(network, privileged), theirs)
      startElsewhere(pid)
      connection.listen()
      const identity = identityOf(pid, privileged)
      const furniture = own(identity)
      const rest = requestPlan(connection, ownSetupPlan({ hostname, root: furniture }, setup.made))
      rest.catch(() => {}) // so is this
      const connected = network ? [connectNetwork(connection, privileged)] : []
      return new Container(pid, connection, identity, furniture, [shown, rest, ...connected])
    } catch (error) {
      connection.close()
      await connection.closed
      if (pid !== undefined) await reap(pid)
      throw error
    }
  }

  async #furnish(furnishing: readonly Promise<void>[]): Promise<void> {
    await Promise.all(furnishing)
    this.#isFurnished = true
  }

  get ended(): boolean {
    return this.#connection.ended
  }

  /** Opens a directory of the furnished box's own root, which no program can change; what is mounted there is what is opened. */
  openDirectory(path: string): number {
    // Before that, init's root is the host's.
    if (!this.#isFurnished) throw new GlassboxError('ERR_GLASSBOX_INTERNAL', 'The box is not furnished yet.')
    this.#openRoot()
    return openSync(`/proc/self/fd/${this.#root}${path}`, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
  }

  #openRoot(): void {
    if (this.#root >= 0) return
    try {
      this.#root = openSync(`/proc/${this.pid}/root`, O_PATH | O_DIRECTORY | O_CLOEXEC)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A process that has ended has no root; without privilege nobody may even look.
      throw code === 'ENOENT' || code === 'EACCES'
        ? new BoxLostError(this.#connection.mayHaveRun, error)
        : error
    }
  }

  /** Has init run a plan on itself. */
  async runPlan(plan: Plan, descriptors: readonly number[] = []): Promise<void> {
    await requestPlan(this.#connection, plan, descriptors)
  }

  /**
   * What init does when this process is gone. To be said before the things that it removes are made; no answer needs to be
   * awaited for that: what was sent reaches init also after this process's end.
   */
  setFarewell({ plan, descriptors }: Farewell): void {
    const { bytes } = encodePlan(plan)
    // A box that is lost already is the news of whatever is asked of it next.
    this.#connection.request(REQUEST.farewell, bytes, descriptors).reply.catch(() => {})
  }

  /**
   * Has init clone the child that will be the next program: it joins its cgroup and waits. Resolves when it waits; a launch may
   * be sent before. Any other request ends the waiting, and another child must be prepared then. With `examine`, init looks first
   * whether programs have changed the box since it was furnished: then nothing is done but telling what, a sum of `PART`s.
   */
  async prepare(
    { plan, header }: PreparePlan,
    descriptors: readonly number[],
    examine = false,
  ): Promise<number> {
    const { bytes, origin } = encodePlan(plan)
    const payload = encodePrepare({ ...header, examine }, bytes)
    const reply = await this.#connection.request(REQUEST.prepare, payload, descriptors).reply
    if (reply.errno !== 0) throw await this.#reason(stepError(plan, origin[reply.step], reply.errno))
    return reply.cause
  }

  /** Takes parts of the box, a sum of `PART`s, as they are now for fresh. Returns what was changed in the others. */
  async examine(renewed: number): Promise<number> {
    const payload = new Uint8Array(Uint32Array.of(renewed).buffer)
    return (await this.#connection.request(REQUEST.examine, payload, []).reply).cause
  }

  /**
   * Replaces the writable directories by empty ones. Descriptors of the old ones stay with the old ones. False, and nothing is done,
   * where something is bound below one: it would be lost.
   */
  async freshScratch(): Promise<boolean> {
    const { scratch, binds } = this.#furniture
    if (scratch.some(({ path }) => binds.some(({ target }) => target.startsWith(`${path}/`)))) return false
    const builder = new PlanBuilder('lay out fresh scratch directories')
    addFreshScratchSteps(builder, scratch)
    await this.runPlan(builder.build())
    await this.examine(PART.scratch)
    return true
  }

  /** Makes the prepared child the program. A step that fails before execve is done rejects `ended`, and names itself. */
  launch({ plan, header, descriptors }: Launch): RunningLaunch {
    const { bytes, origin } = encodePlan(plan)
    const payload = encodeLaunch(header, bytes)
    // Arguments and environment, then: the kernel takes 6 MiB of them at most (execve(2)), and would say the same.
    if (payload.length > MAX_PAYLOAD_BYTES) throw stepError(plan, executeStep(plan), ERRNO.E2BIG)
    const { id, reply } = this.#connection.request(REQUEST.launch, payload, descriptors)
    const ended = reply.then(async report => {
      if (report.errno !== 0) throw await this.#reason(stepError(plan, origin[report.step], report.errno))
      return report as EndedReply
    })
    return { kill: cause => this.#connection.kill(id, cause), ended }
  }

  /** init runs no plan in a box whose furnishing failed: then that is what is told. */
  async #reason(error: GlassboxError): Promise<unknown> {
    return this.furnished.then(
      () => error,
      (reason: unknown) => reason,
    )
  }

  /** Ends everything inside and waits until init is reaped. */
  async close(): Promise<void> {
    if (this.#root >= 0) closeSync(this.#root)
    this.#root = -1
    this.#connection.close()
    await this.#connection.closed
    await reap(this.pid)
  }
}

async function requestPlan(
  connection: Connection,
  plan: Plan,
  descriptors: readonly number[] = [],
): Promise<void> {
  const { bytes, origin } = encodePlan(plan)
  const reply = await connection.request(REQUEST.plan, bytes, descriptors).reply
  if (reply.errno !== 0) throw stepError(plan, origin[reply.step], reply.errno)
}

const connectNetwork = (connection: Connection, privileged: boolean): Promise<void> =>
  privileged
    ? withNetwork(made => requestPlan(connection, joining, [made]))
    : requestPlan(connection, entering)

function socketPair(): { ours: number; theirs: number } {
  const pair = new Int32Array(2)
  call('socketpair', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair])
  const [ours = -1, theirs = -1] = pair
  return { ours, theirs }
}

/** Clones init, and closes the end of the socket that it has then. Returns its process id. */
function spawn(spec: SpawnSpec, socket: number): number {
  try {
    const { plan, pid } = spawnPlan(spec)
    return Number(cloneInto(spec, plan, [socket, initDescriptor()])[pid.slot])
  } finally {
    close(socket)
  }
}
