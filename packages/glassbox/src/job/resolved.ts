/** Options as they are after the check: complete, frozen, and nobody else's. */
import type { JobTerms } from './job.ts'
import type { Bind, BoxOptions, CommandOptions } from './options.ts'

type With<T, Name extends keyof T> = Omit<T, Name> & Required<Pick<T, Name>>

/** `source` and `target` are absolute, without `.`, `..` and a slash at the end. */
export type ResolvedBind = Required<Bind>

/** What a box is opened with. */
export interface ResolvedBox
  extends With<BoxOptions, 'runner' | 'net' | 'hostname' | 'diskBytes' | 'diskFiles' | 'files'> {
  readonly binds: readonly ResolvedBind[]
}

/** What a command is run with. */
export interface ResolvedCommand
  extends With<CommandOptions, 'stdout' | 'stderr' | 'encoding' | 'collect' | 'collectBytes'>,
    JobTerms {
  readonly limits: JobTerms['limits']
  readonly env: JobTerms['env']
  readonly cwd: JobTerms['cwd']
  readonly policy: JobTerms['policy']
}
