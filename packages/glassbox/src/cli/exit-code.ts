/**
 * The exit codes of the command. They follow timeout(1), docker run, and shells. docs/cli.md
 * shows this table.
 */
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

/** The command itself failed. */
export const FAULT = 125

/** The program succeeded without a file that `--copy-out` names. */
export const MISSING_FILE = 123

/**
 * The reader of the command's output closed it; the same code as for a process that SIGPIPE
 * killed.
 */
export const READER_GONE: number = 128 + (signalNumber('SIGPIPE') ?? 0)

export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['the program’s own', 'the program exited'],
  ['128 + n', 'signal n killed the program'],
  ['123', 'the program exited with 0, but a file named by `--copy-out` could not be copied'],
  ['124', 'CPU or wall time limit'],
  ['137', 'memory limit'],
  ['153', 'output or file size limit'],
  ['159', 'a denied system call'],
  ['130, 143, 129', 'canceled by SIGINT, SIGTERM, SIGHUP'],
  ['141', 'the reader of the command’s output closed it (as after SIGPIPE)'],
  [
    '125',
    'the command failed: a bad option, a missing host feature, output that could not be written, or a bug',
  ],
  ['126, 127', 'the program cannot be executed (126) or was not found (127)'],
]

/** The program's own code, 128 + n for a signal, or the code of the limit that ended it. */
export function exitCodeOf({ status, exitCode, signal }: AnyResult): number {
  const fixed = OF_STATUS[status]
  if (fixed !== undefined) return fixed
  if (exitCode !== undefined) return exitCode
  return signal === undefined ? FAULT : 128 + (signalNumber(signal) ?? 0)
}

export function exitCodeOfError(error: unknown): number {
  return error instanceof GlassboxError ? (OF_ERROR[error.code] ?? FAULT) : FAULT
}

/** The table in a short form, for `--help`. */
export const EXIT_CODES_HELP = `Exit code: the program's own; 128 + n if signal n killed it; 123 if --copy-out
failed; 124 time limit, 137 memory, 153 output, 159 denied system call,
130 canceled, 141 output closed by its reader; 125 glassbox failed,
126 program not executable, 127 program not found.`
