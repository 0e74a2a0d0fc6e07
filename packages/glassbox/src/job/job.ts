/**
 * A job: one program to run, with every option resolved and checked. A runner trusts its job and
 * checks nothing again, so the code that makes a job is responsible for the checks.
 */
import type { ResolvedPolicy } from '../policy/resolved.ts'
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
   * A caller's unchanged policy always gives the same object here, so it can be a key. `null`:
   * only the guard applies. `undefined`: the runner's own default.
   */
  readonly policy: ResolvedPolicy | null | undefined
  readonly trace?: ProgramTrace
}

/** The part of a job that is known before its program has been found. */
export type JobTerms = Omit<Job, 'path' | 'argv'>
