/** What a caller asked for, checked once, before anything is started: the terms of a job, and what is asked of the box. */
import { DEFAULT_ENV, BOX_DIRECTORY } from '../job/box-layout.ts'
import type { JobTerms } from '../job/job.ts'
import { resolveLimits } from '../job/limits.ts'
import type { BoxOptions, CommandOptions } from '../job/options.ts'
import { checkPolicy } from '../seccomp/checked.ts'
import { splitOptions, validateBoxOptions, validateCommandOptions } from './validate.ts'

export interface CheckedCommand {
  readonly terms: JobTerms
  /** As given. */
  readonly options: CommandOptions
}

/** Throws InvalidOptionError, and MissingFeatureError for a runner that there is none of. */
export function checkBox(options: BoxOptions): BoxOptions {
  validateBoxOptions(options)
  return options
}

export function checkCommand(options: CommandOptions): CheckedCommand {
  validateCommandOptions(options)
  const { limits, policy, env = DEFAULT_ENV, cwd = BOX_DIRECTORY, trace } = options
  const terms = { limits: resolveLimits(limits), policy: checkPolicy(policy), env, cwd }
  return { terms: trace ? { ...terms, trace } : terms, options }
}

/** The options of run() are those of a box and those of a command. */
export function checkRun(
  options: BoxOptions & CommandOptions,
): CheckedCommand & { readonly box: BoxOptions } {
  const { box, command } = splitOptions(options)
  return { box: checkBox(box), ...checkCommand(command) }
}
