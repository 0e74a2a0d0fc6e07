/** What the command exits with. Conventions: timeout(1), docker run, and shells. */
import { GlassboxError, type ErrorCode } from '../errors.ts'
import { signalNumber } from '../linux/signals.ts'
import type { AnyResult, Status } from '../job/result.ts'

const OF_STATUS: Readonly<Partial<Record<Status, number>>> = {
  'cpu-time-limit': 124,
  'wall-time-limit': 124,
  'memory-limit': 137,
  'output-limit': 153,
  'syscall-denied': 159,
  canceled: 130,
}

const OF_ERROR: Readonly<Partial<Record<ErrorCode, number>>> = {
  ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE: 126,
  ERR_GLASSBOX_PROGRAM_NOT_FOUND: 127,
}

export const FAULT = 125

/** The program's own code, 128 + n for a signal, or that of the limit which ended it. */
export function exitCodeOf({ status, exitCode, signal }: AnyResult): number {
  const fixed = OF_STATUS[status]
  if (fixed !== undefined) return fixed
  if (exitCode !== undefined) return exitCode
  return signal === undefined ? FAULT : 128 + (signalNumber(signal) ?? 0)
}

export function exitCodeOfError(error: unknown): number {
  return error instanceof GlassboxError ? (OF_ERROR[error.code] ?? FAULT) : FAULT
}
