/** The public API of glassbox. Anything that is not exported here is internal. */
export { BoxLostError, GlassboxError, InvalidOptionError, MissingFeatureError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export type { PoolOptions, PoolRunOptions } from './pool/options.ts'
export { createPool, Pool } from './pool/pool.ts'
export { Box, openBox } from './run/box.ts'
export type { RunEvent, RunHandle } from './run/handle.ts'
export type {
  Collect,
  CollectedDirectory,
  CollectedFile,
  CollectTarget,
  Contents,
  DirectoryEntry,
  FileError,
  FileInput,
  Files,
  ReadOptions,
  WriteOptions,
} from './job/files.ts'
export { DEFAULT_LIMITS } from './job/limits.ts'
export { loadProfile } from './job/profiles/load.ts'
export { PROFILES } from './job/profiles/shipped.ts'
export type {
  Amount,
  Bind,
  BoxOptions,
  CommandOptions,
  Encoding,
  Limits,
  OutputOf,
  Profile,
  ProfileName,
  ProgramTrace,
  RunOptions,
} from './job/options.ts'
export type {
  BlobLike,
  Bytes,
  ErrorOutput,
  HostFileOption,
  Input,
  KeptOpen,
  Output,
  WebSink,
  WebSource,
} from './job/streams.ts'
export type { Awaitable, MountedEntry, MountedObject, MountedRequest, Mounts } from './job/mounts/mounts.ts'
export type { MeasuredBy, Measurer, Unserved, Violation, WeakerWall } from './job/ending.ts'
export type { PossibleLimit, RefusingLimit } from './job/possible-limit.ts'
export type { LimitKind, RunnerName, RunResult, Status } from './job/result.ts'
export type { OutputEvent } from './stdio/events.ts'
export { type PooledOptions, run } from './run/run.ts'
export { DEFAULT_POLICY } from './seccomp/defaults.ts'
export { denyCalls } from './policy/deny-calls.ts'
export { loadPolicy } from './policy/load.ts'
export type {
  Action,
  CallDecision,
  CallToDecide,
  Condition,
  DecideCall,
  PathRules,
  Policy,
  PresetName,
  Rule,
} from './policy/policy.ts'
export type { CallPolicy, CallRule, KernelAction } from './seccomp/policy.ts'
export { trace } from './ptrace/trace.ts'
export type * from './trace/events.ts'
export { isCall } from './trace/events.ts'
export type * from './trace/handlers.ts'
export type * from './trace/options.ts'
export type * from './trace/subject.ts'
export type * from './trace/trace.ts'
export type * from './trace/tracee.ts'
export type { Abi, Call, Outcome, Value } from './decode/types.ts'
