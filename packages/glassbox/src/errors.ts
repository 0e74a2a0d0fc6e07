/**
 * The errors of glassbox. A verdict about a program is data, never an error. An error is a fault
 * of the caller (`InvalidOptionError`), of the host (`MissingFeatureError`) or of glassbox itself.
 *
 * Every error has a stable `code`. Its message says what failed and with which value; `hint` says
 * what to do next.
 */

const brand = Symbol.for('glassbox.error')

export type ErrorCode =
  | 'ERR_GLASSBOX_INVALID_OPTION'
  | 'ERR_GLASSBOX_MISSING_FEATURE'
  | 'ERR_GLASSBOX_SYSTEM'
  | 'ERR_GLASSBOX_STEP_FAILED'
  | 'ERR_GLASSBOX_PROGRAM_NOT_FOUND'
  | 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE'
  | 'ERR_GLASSBOX_FILE'
  | 'ERR_GLASSBOX_STREAM'
  | 'ERR_GLASSBOX_BOX_CLOSED'
  | 'ERR_GLASSBOX_BOX_LOST'
  | 'ERR_GLASSBOX_POOL_CLOSED'
  | 'ERR_GLASSBOX_CGROUP'
  | 'ERR_GLASSBOX_ISOLATE'
  | 'ERR_GLASSBOX_INTERNAL'

/** What an error may carry besides its code and message. */
export interface ErrorDetails {
  /** What to do next, one sentence. */
  hint?: string
  /** The kernel's error number, positive. */
  errno?: number
  /** The system call that failed. */
  syscall?: string
  /** The file or option concerned. */
  path?: string
  cause?: unknown
}

/**
 * The base class of all errors that glassbox throws. `instanceof GlassboxError` also works across
 * two copies of the package.
 *
 * @example
 * try {
 *   await run('./tool')
 * } catch (error) {
 *   if (error instanceof GlassboxError) console.error(error.code, error.message, error.hint)
 * }
 */
export class GlassboxError extends Error {
  readonly code: ErrorCode
  readonly hint?: string
  readonly errno?: number
  readonly syscall?: string
  readonly path?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'GlassboxError'
    this.code = code
    if (details.hint !== undefined) this.hint = details.hint
    if (details.errno !== undefined) this.errno = details.errno
    if (details.syscall !== undefined) this.syscall = details.syscall
    if (details.path !== undefined) this.path = details.path
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === GlassboxError
      ? typeof value === 'object' && value !== null && brand in value
      : Function.prototype[Symbol.hasInstance].call(this, value)
  }
}

/**
 * An option or argument is unknown, of the wrong type, or out of range. Nothing was started.
 *
 * @example
 * await run('make', [], { timeout: 1000 }).catch(error => console.log(error.option, error.hint))
 * // timeout Did you mean limits.wallTimeMs?
 */
export class InvalidOptionError extends GlassboxError {
  /** Path of the option: `limits.wallTimeMs`, `binds[0].writable`, `args[1]`. */
  readonly option: string

  /** `hint`: what to do instead. `cause`: the error that a getter of the caller threw. */
  constructor(option: string, message: string, hint?: string, cause?: unknown) {
    super('ERR_GLASSBOX_INVALID_OPTION', message, { cause, ...(hint === undefined ? {} : { hint }) })
    this.name = 'InvalidOptionError'
    this.option = option
  }
}

/**
 * The host lacks a kernel feature or a permission that the call needs. `hint` says how to provide
 * it.
 *
 * @example
 * await run('true').catch(error => {
 *   if (error instanceof MissingFeatureError) console.error(error.feature, error.hint)
 * })
 */
export class MissingFeatureError extends GlassboxError {
  /** A short name of the feature, such as `trace`. */
  readonly feature: string

  /** `details`: the system call that failed, if one did. */
  constructor(
    feature: string,
    message: string,
    hint: string,
    cause?: unknown,
    details: Pick<ErrorDetails, 'errno' | 'syscall'> = {},
  ) {
    super('ERR_GLASSBOX_MISSING_FEATURE', message, { hint, cause, ...details })
    this.name = 'MissingFeatureError'
    this.feature = feature
  }
}

/**
 * A box is gone: its init process ended, or was killed from outside.
 *
 * @example
 * const runAgain = (error: unknown) => error instanceof BoxLostError && !error.mayHaveRun
 */
export class BoxLostError extends GlassboxError {
  /** Whether the program may have started. If false, it is safe to run it again. */
  readonly mayHaveRun: boolean

  constructor(mayHaveRun: boolean, cause?: unknown) {
    super('ERR_GLASSBOX_BOX_LOST', 'The box is gone: its init ended, or was killed from outside.', {
      cause,
      hint: 'Open a new box. The host’s kernel log may say why the box ended (out of memory, for example).',
    })
    this.name = 'BoxLostError'
    this.mayHaveRun = mayHaveRun
  }
}
