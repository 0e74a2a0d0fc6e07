/** Options after the check: complete, frozen, and independent of the caller's objects. */
import type { JobTerms } from './job.ts'
import type { Bind, BoxOptions, CommandOptions } from './options.ts'

type With<T, Name extends keyof T> = Omit<T, Name> & Required<Pick<T, Name>>

/** `source` and `target` are absolute, without `.`, without `..` and without a final slash. */
export type ResolvedBind = Required<Bind>

/**
 * The options of a box. Those that not every runner takes are undefined if the caller did not give
 * them: their defaults are the runner's.
 */
export interface ResolvedBox
  extends With<Omit<BoxOptions, 'here' | 'profile'>, 'runner' | 'net' | 'files' | 'mounts'> {
  readonly binds: readonly ResolvedBind[]
  /** The current directory at the call, if `here` was given. It is one of the binds. */
  readonly here?: string
  /** Absolute paths below /etc, sorted. */
  readonly etc: readonly string[]
}

/** The options of a command without its policy, which only the terms of the job have. */
export interface ResolvedCommand
  extends Omit<
      With<CommandOptions, 'stdout' | 'stderr' | 'encoding' | 'collect' | 'collectBytes'>,
      'policy' | 'profile'
    >,
    Omit<JobTerms, 'policy'> {
  readonly limits: JobTerms['limits']
  readonly env: JobTerms['env']
  readonly cwd: JobTerms['cwd']
}
