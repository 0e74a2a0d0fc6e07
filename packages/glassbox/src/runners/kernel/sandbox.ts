/**
 * A sandbox of the kernel runner: a kernel thread, and a private directory on the host that its
 * programs see as /box. Between two programs the thread keeps its stubs and its page cache.
 *
 * Owns both. Its owner makes sure that only one job uses it at a time.
 */
import { GlassboxError } from '../../errors.ts'
import { DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { Ending } from '../../job/ending.ts'
import type { Job } from '../../job/job.ts'
import type { Mounts } from '../../job/mounts/mounts.ts'
import { BoxFiles } from '../../stdio/files/box-files.ts'
import type { Owner } from '../../stdio/pipe.ts'
import { PrivateDirectory } from '../private/directory.ts'
import { sweepOnce } from '../private/sweep.ts'
import type { Sandbox, SandboxSpec, Started } from '../runner.ts'
import { leaseCpu } from './cpu.ts'
import { endingOf } from './ending.ts'
import { KernelThread } from './kernel-thread.ts'
import { check } from './lacks.ts'
import { rootOf } from './root.ts'
import { ObjectServer } from './object-server.ts'
import type { Tracing } from './tracing/start.ts'
import { type OpenSpec, STOP } from './wire.ts'

/** Stubs that a program finds ready: its own, and those of its first children. */
const READY = { once: 1, often: 2, pooled: 4 } as const

export class KernelSandbox implements Sandbox {
  readonly files: BoxFiles
  readonly #directory: PrivateDirectory
  readonly #spec: SandboxSpec
  readonly #thread = new KernelThread()
  readonly #cpu = leaseCpu()
  #objects: ObjectServer | undefined
  #running: Promise<Ending> | undefined
  #closed: Promise<void> | undefined

  private constructor(spec: SandboxSpec) {
    this.#spec = spec
    this.#directory = PrivateDirectory.make()
    this.files = new BoxFiles({
      ready: async () => {},
      directory: () => this.#directory.box,
      owner: this.owner,
    })
  }

  /** Opens a sandbox. On failure nothing is left. */
  static async open(spec: SandboxSpec): Promise<KernelSandbox> {
    check(spec.box, spec.expects)
    sweepOnce()
    const sandbox = new KernelSandbox(spec)
    try {
      await sandbox.#open(spec.box.mounts)
      return sandbox
    } catch (error) {
      await sandbox.close()
      throw error
    }
  }

  async #open(mounts: Mounts): Promise<void> {
    const spec = this.#openSpec()
    if (Object.keys(mounts).length === 0) return void (await this.#thread.ask({ type: 'open', spec }))
    this.#objects = new ObjectServer(mounts, () => this.#thread.ring())
    const { port: objects } = this.#objects
    await this.#thread.ask({ type: 'open', spec, objects }, [objects])
  }

  #openSpec(): OpenSpec {
    const { box, use } = this.#spec
    const user = this.owner ?? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
    return {
      root: rootOf(this.#spec, this.#directory.work, user),
      hostname: box.hostname ?? DEFAULT_HOSTNAME,
      user,
      hostOwner: process.geteuid?.() ?? 0,
      cpu: this.#cpu.cpu,
      stubs: READY[use],
    }
  }

  get reusable(): boolean {
    return !this.#closed && !this.#thread.isDead
  }

  get owner(): Owner | undefined {
    return this.#directory.owner
  }

  async start(job: Job, stdio: readonly [number, number, number]): Promise<Started> {
    check(this.#spec.box, job)
    this.#refuseIfClosed()
    const { path, argv, env, cwd, limits, trace } = job
    const thread = this.#thread
    thread.stop(STOP.none)
    const tracing = trace && (await import('./tracing/start.ts')).startTracing(trace, () => thread.wake())
    // The kernel thread duplicates the streams before it answers: what it has made ends with it.
    const parts = { path, argv, env, cwd, limits, stdio } as const
    try {
      await thread.ask(
        { type: 'start', job: { ...parts, ...(tracing && { trace: tracing.spec }) } },
        tracing ? [tracing.spec.port] : [],
      )
    } catch (error) {
      await tracing?.ended // it knows more, if it failed first
      throw error
    }
    tracing?.failed.addEventListener('abort', () => thread.stop(STOP.canceled))
    const ended = this.#whenEnded(tracing)
    this.#running = ended
    return {
      stop: reason => thread.stop(reason === 'output' ? STOP.output : STOP.canceled),
      ended,
    }
  }

  async #whenEnded(tracing: Tracing | undefined): Promise<Ending> {
    try {
      const [ending] = await Promise.all([this.#thread.ending().then(endingOf), tracing?.ended])
      this.#refuseIfClosed()
      return ending
    } catch (error) {
      this.#refuseIfClosed()
      throw error
    } finally {
      this.#running = undefined
    }
  }

  async renew(): Promise<void> {
    this.#directory.restoreMode()
  }

  async reset(): Promise<'clean' | 'dirty'> {
    if (!this.reusable) return 'dirty'
    await this.#directory.replace()
    await this.#thread.ask({ type: 'reset' })
    return 'clean'
  }

  /** Kills the program, and removes the directory once the kernel thread has ended. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    await this.files.close()
    await this.#thread.close()
    this.#objects?.close()
    await this.#running?.catch(() => {}) // the job reports it
    this.#cpu.release()
    await this.#directory.remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #refuseIfClosed(): void {
    if (!this.#closed) return
    throw new GlassboxError('ERR_GLASSBOX_BOX_CLOSED', 'This box was closed.', { hint: 'Open another one.' })
  }
}
