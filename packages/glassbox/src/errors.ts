/**
 * The errors of glassbox. A verdict about a program is data, never an error; what is thrown here
 * is a fault of the caller (`InvalidOptionError`), of the host (`MissingFeatureError`,
 * `SystemError`) or of glassbox itself.
 *
 * Every error has a stable `code`, says what failed and with which value, and, in `hint`, what to
 * do next.
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
  | 'ERR_GLASSBOX_INTERNAL'

export interface ErrorDetails {
  /** What to do next, one sentence. */
  hint?: string
  /** The kernel's error number, positive. */
  errno?: number
  /** The system call that failed. */
  syscall?: string
  /** The file or option that it was about. */
  path?: string
  cause?: unknown
}

/**
 * The base of all errors that glassbox throws. `instanceof` also works across two copies of the
 * package.
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
 * Something that the caller gave is unknown, of the wrong kind or out of its range. Nothing was
 * started.
 *
 * @example
 * await run('make', [], { timeout: 1000 }).catch(error => console.log(error.option, error.hint))
 * // timeout Did you mean limits.wallTimeMs?
 */
export class InvalidOptionError extends GlassboxError {
  /** The way to it: `limits.wallTimeMs`, `binds[0].writable`, `args[1]`. */
  readonly option: string

  /** `hint`: what to do instead; `cause`: what a getter of the caller's threw. */
  constructor(option: string, message: string, hint?: string, cause?: unknown) {
    super('ERR_GLASSBOX_INVALID_OPTION', message, { cause, ...(hint === undefined ? {} : { hint }) })
    this.name = 'InvalidOptionError'
    this.option = option
  }
}

/**
 * The host lacks a kernel feature or a permission that was asked for; `hint` says what would
 * provide it.
 */
export class MissingFeatureError extends GlassboxError {
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

/** A box is gone: its init ended, or was killed from outside. */
export class BoxLostError extends GlassboxError {
  /** Whether the program may have begun: where not, to run it again does nothing twice. */
  readonly mayHaveRun: boolean

  constructor(mayHaveRun: boolean, cause?: unknown) {
    super('ERR_GLASSBOX_BOX_LOST', 'The box is gone: its init ended, or was killed from outside.', {
      cause,
      hint: 'Open a new box. If nobody killed it, the host’s kernel log may say why (out of memory).',
    })
    this.name = 'BoxLostError'
    this.mayHaveRun = mayHaveRun
  }
}
