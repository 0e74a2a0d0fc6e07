/**
 * A sandbox of the ptrace runner: a private directory on the host, in which one program after
 * another runs under a supervisor. Between two programs nothing runs.
 *
 * Owns the directory and the cgroups of programs. The supervisor owns the processes. Its owner
 * makes sure that only one job uses it at a time.
 */
import { GlassboxError } from '../../errors.ts'
import { close } from '../../gate/descriptors.ts'
import type { Ending } from '../../job/ending.ts'
import type { Job } from '../../job/job.ts'
import { beginRuleset } from '../../landlock/ruleset.ts'
import { BoxFiles } from '../../stdio/files/box-files.ts'
import type { Owner } from '../../stdio/pipe.ts'
import type { StartProgram, Supervised } from '../../supervisor/contract.ts'
import type { Sandbox, SandboxSpec, Started } from '../runner.ts'
import { PrivateDirectory } from '../private/directory.ts'
import { type JobGroup, JobGroups } from './group.ts'
import { check } from './lacks.ts'
import { startError } from './missing.ts'
import { programOf } from './program.ts'
import { leavesNothingOutside } from './residue.ts'
import { sweepOnce } from '../private/sweep.ts'

export class PtraceSandbox implements Sandbox {
  readonly files: BoxFiles
  readonly #directory: PrivateDirectory
  readonly #groups: JobGroups
  readonly #spec: SandboxSpec
  readonly #startProgram: StartProgram
  #running: Supervised | undefined
  #closed: Promise<void> | undefined
  /** Whether the last program may have left something that `reset` cannot see. */
  #unseen = false

  private constructor(spec: SandboxSpec, startProgram: StartProgram) {
    this.#spec = spec
    this.#startProgram = startProgram
    this.#directory = PrivateDirectory.make()
    this.#groups = new JobGroups(this.owner)
    this.files = new BoxFiles({
      ready: async () => {},
      directory: () => this.#directory.box,
      owner: this.owner,
    })
  }

  /** Opens a sandbox. On failure nothing is left. */
  static async open(spec: SandboxSpec, startProgram: StartProgram): Promise<PtraceSandbox> {
    check(spec.box, spec.expects)
    sweepOnce()
    return new PtraceSandbox(spec, startProgram)
  }

  get reusable(): boolean {
    return !this.#closed && !this.#unseen
  }

  get owner(): Owner | undefined {
    return this.#directory.owner
  }

  async start(job: Job, stdio: readonly [number, number, number]): Promise<Started> {
    check(this.#spec.box, job)
    this.#refuseIfClosed()
    if (this.#spec.use === 'pooled') this.#unseen = !leavesNothingOutside(this.#spec.box, job.policy)
    const group = this.#groups.take(job)
    const launched = this.#launch(job, stdio, group)
    if (this.#spec.use !== 'once') setImmediate(() => void this.#groups.prepare(job))
    const running = await launched
    this.#running = running
    if (this.#closed) running.stop('canceled')
    return { stop: reason => running.stop(reason), ended: this.#whenEnded(running, group) }
  }

  async #launch(
    job: Job,
    stdio: readonly [number, number, number],
    group: JobGroup | undefined,
  ): Promise<Supervised> {
    const { program, wall, ask } = programOf(job, this.#spec.box, this.#directory, group !== undefined)
    const given = { ...program, stdio, ruleset: undefined, ...(group ? { group: group.descriptors } : {}) }
    const ruleset = wall && beginRuleset(wall)
    try {
      return await this.#startProgram(given, ask, ruleset)
    } catch (error) {
      throw startError(error)
    } finally {
      // The program has entered it, or was not started.
      if (ruleset) close(ruleset.fd)
    }
  }

  async #whenEnded(running: Supervised, group: JobGroup | undefined): Promise<Ending> {
    const ending = await running.ended
    this.#running = undefined
    this.#refuseIfClosed()
    return group ? group.complete(ending) : ending
  }

  async renew(): Promise<void> {
    this.#directory.restoreMode()
  }

  async reset(): Promise<'clean' | 'dirty'> {
    if (!this.reusable) return 'dirty'
    await this.#directory.replace()
    return 'clean'
  }

  /** Kills the program, and removes the directory once every process of it is dead. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    this.#running?.stop('canceled')
    await this.files.close()
    await this.#running?.ended.catch(() => {}) // the job reports it
    try {
      await this.#groups.close()
    } finally {
      await this.#directory.remove()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #refuseIfClosed(): void {
    if (!this.#closed) return
    throw new GlassboxError('ERR_GLASSBOX_BOX_CLOSED', 'This box was closed.', { hint: 'Open another one.' })
  }
}
