/**
 * A job: one program to run, with every option resolved and checked. A runner that takes a job
 * trusts it and looks nothing up again; whoever makes one answers for that.
 */
import type { Policy } from '../seccomp/policy.ts'
import type { Limits, ProgramTrace } from './options.ts'

export interface Job {
  /** Absolute, as seen in the sandbox. */
  readonly path: string
  readonly argv: readonly string[]
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute, as seen in the sandbox. */
  readonly cwd: string
  readonly limits: Required<Limits>
  /** Checked; the same object as long as it says the same. `null`: the guard alone. */
  readonly policy: Policy | null
  readonly trace?: ProgramTrace
}

/** What of a job is known before its program has been found. */
export type JobTerms = Omit<Job, 'path' | 'argv'>
