/**
 * A kernel thread: opens a platform and a root once, and runs one world after another on them.
 * While a program runs, the thread is held by the loop; the bell tells it to look at the stop
 * word. Files in memory (/tmp, /dev/shm) stay from one program to the next until a reset.
 */
import { readFileSync } from 'node:fs'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { readCycles, VDSO_PATH } from '../../gate/cycles.ts'
import { fillRandom } from '../../gate/random.ts'
import type { DescriptorTable } from '../../kernel/fs/descriptor-table.ts'
import { ObjectClient } from '../../kernel/fs/object/answers.ts'
import { makeRoot, type WorldRoot } from '../../kernel/fs/root/root.ts'
import { VdsoClock } from '../../kernel/mm/vdso/vdso-clock.ts'
import { WorldMemory } from '../../kernel/mm/world-memory.ts'
import { Bell } from '../../kernel/platform/ptrace/bell.ts'
import { PtracePlatform } from '../../kernel/platform/ptrace/platform.ts'
import { userCredentials } from '../../kernel/task/credentials.ts'
import { WorldProcesses } from '../../kernel/task/proc-source.ts'
import { attachTerminals } from '../../kernel/task/files/terminal-jobs.ts'
import { hostClock } from '../../kernel/world/clock.ts'
import { kernelCalls } from '../../kernel/world/kernel-calls.ts'
import { KernelWorld, type WorldEnd } from '../../kernel/world/world.ts'
import { executeError } from '../../launch/step-error.ts'
import { bytesOfPath } from '../../linux/path-bytes.ts'
import type { SessionHooks } from '../../trace/session.ts'
import { packError } from '../../trace/wire.ts'
import type { ResourceLimit } from '../../kernel/task/types.ts'
import { observe } from './tracing/observe.ts'
import { resourceLimits, startDirectory, streams } from './job-parts.ts'
import {
  type FromKernel,
  type JobSpec,
  type KernelEnding,
  type ObjectQuestion,
  type ObjectReply,
  type OpenSpec,
  STOP,
  type ToKernel,
  type TraceSpec,
} from './wire.ts'

const UMASK = 0o022

/** What stays from one world to the next. */
interface Kept {
  readonly memory: WorldMemory
  readonly root: WorldRoot
  readonly vdso: VdsoClock
}

interface ReadyJob extends JobSpec {
  readonly files: DescriptorTable
  readonly resources: ResourceLimit[]
}

export class KernelService {
  readonly #port: MessagePort
  readonly #bell: Bell
  readonly #stop: Int32Array
  #platform: PtracePlatform | undefined
  #spec: OpenSpec | undefined
  #kept: Kept | undefined
  #line: MessagePort | undefined
  #objects: ObjectClient | undefined

  constructor(port: MessagePort, bell: SharedArrayBuffer, stop: SharedArrayBuffer) {
    this.#port = port
    this.#bell = new Bell(bell)
    this.#stop = new Int32Array(stop)
    port.on('message', (message: ToKernel) => void this.#take(message))
  }

  async #take(message: ToKernel): Promise<void> {
    try {
      if (message.type === 'open') this.#open(message.spec, message.objects)
      else if (message.type === 'start') await this.#run(message.job)
      else if (message.type === 'reset') this.#reset()
      else this.#close()
    } catch (error) {
      this.#post({ type: 'failed', error: packError(error) })
    }
  }

  #post(message: FromKernel): void {
    const port = this.#port
    port.postMessage(message)
  }

  #open(spec: OpenSpec, line: MessagePort | undefined): void {
    this.#spec = spec
    this.#line = line
    if (line)
      this.#objects = new ObjectClient((id, request) => {
        const to: MessagePort = line
        to.postMessage({ id, request } satisfies ObjectQuestion, [])
      })
    const { cpu, stubs } = spec
    this.#platform = new PtracePlatform({ bell: this.#bell, ...(cpu === undefined ? {} : { cpu }) })
    this.#platform.prepare(stubs)
    this.#kept = this.#make(spec, this.#platform)
    this.#post({ type: 'opened' })
  }

  #make(spec: OpenSpec, platform: PtracePlatform): Kept {
    const memory = new WorldMemory(platform)
    const clock = hostClock(platform)
    const vdso = new VdsoClock(memory, clock, readFileSync(VDSO_PATH), readCycles)
    const { user, hostOwner } = spec
    const root = makeRoot(spec.root, {
      memory,
      random: fillRandom,
      now: () => ({ seconds: clock.realSeconds(), nanoseconds: clock.realNanoseconds() }),
      ...(this.#objects ? { objects: { client: this.#objects, owner: user } } : {}),
      owners: ({ uid, gid }) => (uid === hostOwner ? user : { uid, gid }),
    })
    return { memory, root, vdso }
  }

  async #run(job: JobSpec): Promise<void> {
    const platform = this.#platform
    const kept = this.#kept
    const spec = this.#spec
    if (!platform || !kept || !spec) throw new RangeError('a job before the sandbox was opened')
    const { trace } = job
    const run = (hooks?: SessionHooks): Promise<WorldEnd> => this.#runWorld(platform, kept, spec, job, hooks)
    const end = trace ? await this.#runTraced(trace, run) : await run()
    kept.memory.world.tidy()
    this.#post({ type: 'ended', ending: endingOfWorld(end) })
  }

  async #runTraced(trace: TraceSpec, run: (hooks: SessionHooks) => Promise<WorldEnd>): Promise<WorldEnd> {
    const { carryTraced } = await import('./tracing/carry-traced.ts')
    return carryTraced(trace, run)
  }

  /** From the making of a world to its end. `hooks`: those of its trace. */
  async #runWorld(
    platform: PtracePlatform,
    kept: Kept,
    spec: OpenSpec,
    job: JobSpec,
    hooks: SessionHooks | undefined,
  ): Promise<WorldEnd> {
    const { limits, stdio } = job
    // One object: the table of descriptors ends where the process's own limit is now.
    const resources = resourceLimits(limits)
    const files = streams(platform, stdio, resources, spec.user)
    const world = new KernelWorld({
      platform,
      memory: kept.memory,
      root: kept.root.root,
      hostname: spec.hostname,
      table: kernelCalls(),
      terms: limits,
      random: fillRandom,
      vdso: kept.vdso,
      objects: this.#objects,
      onBell: () => this.#heard(),
    })
    kept.root.attachProcesses(new WorldProcesses(world.state))
    attachTerminals(world.state, kept.root.terminals)
    try {
      this.#start(world, kept, spec, { ...job, files, resources })
    } catch (error) {
      files.closeAll()
      throw error
    }
    const observing =
      hooks && observe(hooks, world, kept.vdso, { ...job, follow: job.trace?.data.session.follow ?? true })
    this.#post({ type: 'started' })
    try {
      return world.run()
    } finally {
      observing?.end()
    }
  }

  /** Makes the first process of the world. Throws if the program cannot be executed. */
  #start(world: KernelWorld, { root }: Kept, { user }: OpenSpec, job: ReadyJob): void {
    const credentials = userCredentials(user.uid, user.gid, [user.gid])
    const result = world.start({
      path: bytesOfPath(job.path),
      args: job.argv.map(bytesOfPath),
      env: Object.entries(job.env).map(([name, value]) => bytesOfPath(`${name}=${value}`)),
      cwd: startDirectory(root, job.cwd, credentials),
      umask: UMASK,
      credentials,
      files: job.files,
      limits: job.resources,
    })
    if (result !== 0) throw executeError(job.path, -result)
  }

  /** The bell was rung: for answers, or to stop. */
  #heard(): 'canceled' | 'output' | undefined {
    if (this.#line) {
      for (let got = receiveMessageOnPort(this.#line); got; got = receiveMessageOnPort(this.#line)) {
        const { id, answer } = got.message as ObjectReply
        this.#objects?.receive(id, answer)
      }
    }
    return this.#reason()
  }

  #reason(): 'canceled' | 'output' | undefined {
    const word = Atomics.load(this.#stop, 0)
    if (word === STOP.none) return undefined
    return word === STOP.output ? 'output' : 'canceled'
  }

  #reset(): void {
    this.#release()
    if (this.#spec && this.#platform) this.#kept = this.#make(this.#spec, this.#platform)
    this.#post({ type: 'reset' })
  }

  #release(): void {
    this.#kept?.root.close()
    this.#kept?.memory.world.tidy()
    this.#kept = undefined
  }

  #close(): void {
    this.#release()
    this.#platform?.close()
    this.#platform = undefined
    this.#line?.close()
    this.#port.close()
  }
}

const endingOfWorld = (end: WorldEnd): KernelEnding => ({ ...end, missing: [...end.missing] })
