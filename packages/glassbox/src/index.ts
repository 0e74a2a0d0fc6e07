/** The public face of glassbox: what is not exported here is not part of it. */
export { BoxLostError, GlassboxError, InvalidOptionError, MissingFeatureError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export type { PoolOptions, PoolRunOptions } from './pool/options.ts'
export { createPool, Pool } from './pool/pool.ts'
export { Box, openBox } from './run/box.ts'
export type { OutputEvent, RunEvent, RunHandle } from './run/handle.ts'
export { DEFAULT_LIMITS } from './run/limits.ts'
export type {
  AsBytes,
  Bind,
  BoxOptions,
  CommandOptions,
  Input,
  Limits,
  Output,
  ProgramTrace,
  RunOptions,
} from './run/options.ts'
export type { LimitKind, Means, RunnerName, RunResult, Status } from './run/result.ts'
export { type PooledOptions, run } from './run/run.ts'
export { DEFAULT_POLICY } from './seccomp/defaults.ts'
export { denyCalls } from './seccomp/presets.ts'
export type { Action, Condition, Policy, Rule } from './seccomp/policy.ts'
export { trace } from './tracer/trace.ts'
export type * from './tracer/types.ts'
export type { Abi, Call, Outcome, Value } from './decode/types.ts'
