/**
 * The messages between the main thread and the worker of a trace. All are plain data, because
 * they are copied from thread to thread.
 */
import { GlassboxError, type ErrorCode, InvalidOptionError, MissingFeatureError } from '../errors.ts'
import type { Ended } from './end.ts'
import type { TraceEvent } from './events.ts'

/** `Spec`: what the source of the trace makes its session from. */
export interface WorkerData<Spec = unknown> {
  readonly session: Spec
  readonly shared: SharedArrayBuffer
  readonly handlers?: { readonly module: string; readonly data?: unknown }
  /** Names of the calls that handlers and events are about. Default: all. */
  readonly syscalls?: readonly string[]
  readonly events: readonly TraceEvent['type'][]
  readonly queue: number
  readonly slowReader: 'pause' | 'drop'
  readonly bufferLimit: number
}

export type FromWorker =
  | { readonly type: 'pid'; readonly pid: number }
  | { readonly type: 'seized' }
  | { readonly type: 'message'; readonly message: unknown }
  | { readonly type: 'events'; readonly events: readonly TraceEvent[] }
  | { readonly type: 'end'; readonly ended: Ended | undefined; readonly data: unknown }
  | { readonly type: 'failed'; readonly error: PackedError }

/** An error that keeps its class and its fields when it is sent to another thread. */
export interface PackedError {
  readonly cause: unknown
  readonly glassbox?: {
    readonly code: ErrorCode
    readonly message: string
    readonly hint?: string | undefined
    readonly errno?: number | undefined
    readonly syscall?: string | undefined
    readonly path?: string | undefined
    readonly option?: string
    readonly feature?: string
  }
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof GlassboxError)) return { cause: error }
  const { code, message, hint, errno, syscall, path, cause } = error
  return {
    cause,
    glassbox: {
      ...{ code, message, hint, errno, syscall, path },
      ...(error instanceof InvalidOptionError ? { option: error.option } : {}),
      ...(error instanceof MissingFeatureError ? { feature: error.feature } : {}),
    },
  }
}

export function unpackError({ glassbox, cause }: PackedError): unknown {
  if (!glassbox) return cause
  const { code, message, hint, errno, syscall, path, option, feature } = glassbox
  if (option !== undefined) return new InvalidOptionError(option, message, hint)
  if (feature !== undefined) return new MissingFeatureError(feature, message, hint ?? '', cause)
  return new GlassboxError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(errno === undefined ? {} : { errno }),
    ...(syscall === undefined ? {} : { syscall }),
    ...(path === undefined ? {} : { path }),
    cause,
  })
}
