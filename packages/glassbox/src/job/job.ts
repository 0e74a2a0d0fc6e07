/**
 * A job: one program to run, with every option resolved and checked. A runner trusts its job and
 * checks nothing again, so the code that makes a job is responsible for the checks.
 */
import type { CallPolicy } from '../seccomp/policy.ts'
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
  /**
   * Checked. A caller's unchanged policy always gives the same object here, so it can be a key.
   * `null`: only the guard applies.
   */
  readonly policy: CallPolicy | null
  readonly trace?: ProgramTrace
}

/** The part of a job that is known before its program has been found. */
export type JobTerms = Omit<Job, 'path' | 'argv'>
