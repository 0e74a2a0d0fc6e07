/**
 * Turns a failed step of a plan into an error, for boxes and for traced commands alike. The error
 * says what failed, with which value, and what to do next.
 */
import { GlassboxError } from '../errors.ts'
import { ERRNO, errnoMessage, errnoName } from '../linux/errno.ts'
import type { Plan, Step } from '../plan/types.ts'
import { stepHint } from './step-hint.ts'

/** `EPERM (Operation not permitted)`. */
export const errnoText = (errno: number): string => `${errnoName(errno)} (${errnoMessage(errno)})`

/**
 * The most bytes that the kernel accepts for one argument or variable, with its NUL
 * (MAX_ARG_STRLEN). No limit changes it.
 */
const MAX_STRING_BYTES = 128 * 1024

/**
 * The error for a failed step. Errors of execve have codes of their own: see `executeError`.
 * `step` is `undefined` if the plan was refused before its first step.
 */
export function stepError(plan: Plan, step: Step | undefined, errno: number): GlassboxError {
  const error = errorOfStep(plan, step, errno)
  if (step) failedSteps.set(error, step)
  return error
}

const failedSteps = new WeakMap<GlassboxError, Step>()

/** The step whose failure an error reports, for a command with messages of its own. */
export const failedStep = (error: unknown): Step | undefined => failedSteps.get(error as GlassboxError)

function errorOfStep(plan: Plan, step: Step | undefined, errno: number): GlassboxError {
  if (step && step === executeStep(plan)) {
    const walled = plan.steps.some(other => other.kind === 'syscall' && other.name === ENTER_WALL)
    return executeError(programOf(plan), errno, { longest: longestString(step), walled })
  }
  const syscall = step?.kind === 'syscall' ? step.name : step ? 'clone3' : 'recvmsg'
  const label = step?.label ?? 'receive the plan'
  return new GlassboxError(
    'ERR_GLASSBOX_STEP_FAILED',
    `Could not ${plan.title}: "${label}" failed in ${syscall}: ${errnoText(errno)}`,
    { errno, syscall, hint: stepHint(step, syscall, errno, executeStep(plan) !== undefined) },
  )
}

/** The call by which a program comes under the rules of its policy about paths. */
const ENTER_WALL = 'landlock_restrict_self'

/** The step that executes the program, if the plan has one. */
export const executeStep = (plan: Plan): Step | undefined =>
  plan.steps.find(step => step.kind === 'syscall' && step.name === 'execve')

const programOf = (plan: Plan): string => plan.title.replace(/^run /, '')

/** The bytes of the longest argument or variable of an execve, with its NUL. */
function longestString(step: Step): number {
  const args = step.kind === 'syscall' ? step.args : []
  const lengths = args.flatMap(arg =>
    typeof arg === 'object' && 'pointers' in arg ? (arg.pointers ?? []).map(({ to }) => to.bytes.length) : [],
  )
  return lengths.reduce((most, length) => Math.max(most, length), 0)
}

/** What is known of an execve besides its path. */
export interface ExecuteDetails {
  /** The length of its longest argument or variable in bytes, with the NUL. */
  readonly longest?: number
  /** Whether the rules of a policy about paths applied to it. */
  readonly walled?: boolean
}

/** The error for a program that could not be executed. */
export function executeError(
  path: string,
  errno: number,
  { longest = 0, walled = false }: ExecuteDetails = {},
): GlassboxError {
  const details = { errno, syscall: 'execve', path }
  if (errno === ERRNO.ENOENT) {
    return new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', `${path}: not found: ${errnoText(errno)}`, {
      ...details,
      hint:
        'If the file exists, its interpreter (the #! line) or its dynamic loader is missing; ' +
        'bind their directory to show them to a box.',
    })
  }
  const tooLong = errno === ERRNO.E2BIG && longest > MAX_STRING_BYTES
  const what = tooLong ? `one argument or variable has ${longest} bytes: ` : ''
  return new GlassboxError(
    'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    `${path}: cannot be executed: ${what}${errnoText(errno)}`,
    { ...details, hint: tooLong ? TOO_LONG : hintOfExecute(errno, walled) },
  )
}

const hintOfExecute = (errno: number, walled: boolean): string =>
  walled && errno === ERRNO.EACCES ? WALLED : (EXECUTE_HINTS[errno] ?? NOT_A_PROGRAM)

const WALLED =
  'The policy must let it be executed, and also its dynamic loader or the interpreter of its #! line: ' +
  'for example paths: { execute: ["{program}", "/lib/", "/lib64/", "/usr/lib/"] }. ' +
  'Else the program’s user must be able to execute it (chmod a+rx), and to enter its directories.'
const NOT_A_PROGRAM = 'It must be a program for this machine, or a script with a #! line.'
const TOO_LONG =
  'The kernel accepts at most 128 KiB for one argument or variable, whatever the limits are: ' +
  'give the program a file or its standard input instead.'

const EXECUTE_HINTS: Readonly<Record<number, string>> = {
  [ERRNO.EACCES]:
    'The program’s user must be able to read and execute it (chmod a+rx), and to enter its directories.',
  [ERRNO.ENOEXEC]: 'A script needs a first line that names its interpreter, for example #!/bin/sh.',
  [ERRNO.E2BIG]:
    'Arguments and environment together are too long: the kernel accepts a quarter of the stack limit, and at most 6 MiB. ' +
    'Raise the stack limit, or give the program a file or its standard input.',
}
