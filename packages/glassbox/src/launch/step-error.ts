/**
 * A failing step of a plan as an error in words, for boxes and for traced commands alike: what
 * failed, with which value, and what to do next.
 */
import { GlassboxError } from '../errors.ts'
import { errnoHint } from '../gate/gate.ts'
import { ERRNO, errnoMessage, errnoName } from '../linux/errno.ts'
import type { Plan, Step } from '../plan/types.ts'

/** `EPERM (Operation not permitted)`. */
export const errnoText = (errno: number): string => `${errnoName(errno)} (${errnoMessage(errno)})`

/** What a container must be started with so that the set-up of a box works inside it. */
export const CONTAINER_REMEDY: string =
  'In Docker or Podman, start the container with --cap-add SYS_ADMIN --cap-add NET_ADMIN ' +
  '--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined, ' +
  'or with --privileged; in Kubernetes, set securityContext.privileged.'

/**
 * Room that the kernel gives to one argument or variable, with its NUL (MAX_ARG_STRLEN), whatever
 * the limits are.
 */
const MAX_STRING_BYTES = 128 * 1024

/**
 * Which of the plan's steps failed. The errors of execve that a caller tells apart have codes of
 * their own: see `executeError`. `step` is `undefined` if the plan was refused before its first
 * step.
 */
export function stepError(plan: Plan, step: Step | undefined, errno: number): GlassboxError {
  if (step && step === executeStep(plan)) return executeError(programOf(plan), errno, longestString(step))
  const syscall = step?.kind === 'syscall' ? step.name : 'clone3'
  const label = step?.label ?? 'read the plan'
  return new GlassboxError(
    'ERR_GLASSBOX_STEP_FAILED',
    `Could not ${plan.title}: "${label}" failed in ${syscall}: ${errnoText(errno)}`,
    { errno, syscall, hint: hintOf(plan, syscall, errno) },
  )
}

/** The step by which the program would be started. */
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

const LAUNCH_HINTS: Readonly<Record<string, string>> = {
  openat2: 'Name a working directory that is there; links through /proc/PID are not followed.',
  fchdir: 'Name a working directory that the program’s user may enter.',
  chdir: 'Name a working directory that is there and that the user may enter.',
  setgroups: 'Running as another user needs root.',
  setresgid: 'Running as another user needs root.',
  setresuid: 'Running as another user needs root.',
}

const ERRNO_HINTS: Readonly<Record<number, string>> = {
  [ERRNO.ENOSPC]:
    'A file system is full, or a limit of namespaces (/proc/sys/user/max_*_namespaces) is reached.',
  [ERRNO.EAGAIN]:
    'The limit of processes is too low to start a program: raise it (the limit of the box, ulimit -u, pids.max).',
  [ERRNO.EPERM]: `The user, or a filter or security module around this process, may not do this. ${CONTAINER_REMEDY}`,
}

/**
 * A plan that ends in an execve goes to the caller's directory and user; one that sets up a box
 * does not.
 */
function hintOf(plan: Plan, syscall: string, errno: number): string {
  const ofLaunch = executeStep(plan) ? LAUNCH_HINTS[syscall] : undefined
  return ofLaunch ?? ERRNO_HINTS[errno] ?? errnoHint(syscall, errno)
}

/**
 * Why the program itself could not be executed. `longest`: the bytes of its longest argument or
 * variable, with its NUL.
 */
export function executeError(path: string, errno: number, longest = 0): GlassboxError {
  const details = { errno, syscall: 'execve', path }
  if (errno === ERRNO.ENOENT) {
    return new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', `${path}: not found: ${errnoText(errno)}`, {
      ...details,
      hint:
        'If the file is there, its interpreter (the #! line) or its dynamic loader is not; ' +
        'a box must be shown them, by a bind of their directory.',
    })
  }
  const tooLong = errno === ERRNO.E2BIG && longest > MAX_STRING_BYTES
  const what = tooLong ? `one argument or variable has ${longest} bytes: ` : ''
  return new GlassboxError(
    'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    `${path}: cannot be executed: ${what}${errnoText(errno)}`,
    { ...details, hint: tooLong ? TOO_LONG : (EXECUTE_HINTS[errno] ?? NOT_A_PROGRAM) },
  )
}

const NOT_A_PROGRAM = 'It must be a program for this machine, or a script with a #! line.'
const TOO_LONG =
  'The kernel takes at most 128 KiB of one argument or variable, whatever the limits are: ' +
  'give the program a file or its standard input instead.'

const EXECUTE_HINTS: Readonly<Record<number, string>> = {
  [ERRNO.EACCES]:
    'The program’s user must be able to read and execute it (chmod a+rx), and to enter its directories.',
  [ERRNO.ENOEXEC]: 'A script needs a first line that names its interpreter, for example #!/bin/sh.',
  [ERRNO.E2BIG]:
    'Arguments and environment are too long together: the kernel takes a quarter of the stack limit, and 6 MiB at most. ' +
    'Raise the stack limit, or give the program a file or its standard input.',
}
