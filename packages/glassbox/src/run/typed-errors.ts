/**
 * No error of Node's own modules leaves a runner: a call that the host refuses, for example for
 * want of descriptors, becomes ERR_GLASSBOX_SYSTEM with the call, its subject and what to do. All
 * other errors pass unchanged.
 */
import { withSystemErrors } from '../gate/gate.ts'
import type { Job } from '../job/job.ts'
import type { Owner } from '../stdio/pipe.ts'
import type { Runner, Sandbox, SandboxFiles, Started } from '../runners/runner.ts'

/** A runner whose sandboxes throw typed errors only. */
export const withTypedErrors = (runner: Runner): Runner => ({
  ...runner,
  open: spec => withSystemErrors(async () => new TypedSandbox(await runner.open(spec))),
})

/** Passes everything on. The errors of `files` name the file already. */
class TypedSandbox implements Sandbox {
  readonly #sandbox: Sandbox

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
  }

  get reusable(): boolean {
    return this.#sandbox.reusable
  }

  get owner(): Owner | undefined {
    return this.#sandbox.owner
  }

  get files(): SandboxFiles {
    return this.#sandbox.files
  }

  start(job: Job, stdio: readonly [number, number, number]): Promise<Started> {
    return withSystemErrors(async () => {
      const started = await this.#sandbox.start(job, stdio)
      return {
        stop: reason => started.stop(reason),
        ended: withSystemErrors(() => started.ended),
      }
    })
  }

  renew(): Promise<void> {
    return withSystemErrors(() => this.#sandbox.renew())
  }

  reset(): Promise<'clean' | 'dirty'> {
    return withSystemErrors(() => this.#sandbox.reset())
  }

  close(): Promise<void> {
    return withSystemErrors(() => this.#sandbox.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
