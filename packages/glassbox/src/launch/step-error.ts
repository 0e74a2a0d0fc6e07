/** A failing step of a plan as an error in words. */
import { GlassboxError, MissingFeatureError } from '../errors.ts'
import { ERRNO, errnoMessage, errnoName } from '../linux/errno.ts'
import type { Plan, Step } from '../plan/types.ts'
import type { SpawnSpec } from '../container/spawn-plan.ts'

/** Which of the plan's steps failed, in words; for execve the errors that a caller tells apart have codes of their own. */
export function stepError(plan: Plan, step: Step | undefined, errno: number): GlassboxError {
  const name = step?.kind === 'syscall' ? step.name : 'clone3'
  const label = step?.label ?? 'read the plan'
  const why = `${errnoName(errno)} (${errnoMessage(errno)})`
  const details = { errno, syscall: name }
  if (name === 'execve' && step) return executeError(plan, errno, details)
  return new GlassboxError(
    'ERR_GLASSBOX_STEP_FAILED',
    `Could not ${plan.title}: "${label}" failed in ${name}: ${why}`,
    {
      ...details,
      hint: CALL_HINTS[name] ?? STEP_HINTS[errno] ?? 'Run "glassbox doctor" to see what this host offers.',
    },
  )
}

/** The step in which the program would be started. */
export const executeStep = (plan: Plan): Step | undefined =>
  plan.steps.find(step => step.kind === 'syscall' && step.name === 'execve')

const CALL_HINTS: Readonly<Record<string, string>> = {
  openat2: 'Name a working directory that the box has; links through /proc/PID are not followed.',
  fchdir: 'Name a working directory that the box’s user may enter.',
}

const STEP_HINTS: Readonly<Record<number, string>> = {
  [ERRNO.EMFILE]: 'The limit of open files is too low to start any program: raise it.',
  [ERRNO.ENOSPC]: 'A file system or a limit of namespaces is full; see /proc/sys/user/max_*_namespaces.',
  [ERRNO.ENOMEM]: 'The memory limit is too low to start any program: raise it.',
  [ERRNO.EAGAIN]: 'The limit of processes is too low to start any program: raise it.',
}

function executeError(plan: Plan, errno: number, details: { errno: number; syscall: string }): GlassboxError {
  const program = plan.title.replace(/^run /, '')
  if (errno === ERRNO.ENOENT) {
    return new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', `${program}: not found in the box`, {
      ...details,
      path: program,
      hint: 'If the file is there, its interpreter (the #! line) or its dynamic loader is not: bind the directory that has it.',
    })
  }
  return new GlassboxError(
    'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    `${program}: cannot be executed: ${errnoName(errno)} (${errnoMessage(errno)})`,
    {
      ...details,
      path: program,
      hint: EXECUTE_HINTS[errno] ?? 'Check that it is a program for this machine.',
    },
  )
}

const EXECUTE_HINTS: Readonly<Record<number, string>> = {
  [ERRNO.EACCES]: 'Make it readable and executable for everybody (chmod a+rx), and its directories too.',
  [ERRNO.ENOEXEC]: 'A script needs a first line that names its interpreter, for example #!/bin/sh.',
  [ERRNO.E2BIG]:
    'Arguments and environment are too long; raise the stack limit, of which they take a quarter at most.',
}

/** Why new namespaces cannot be had, and what would provide them. */
export function namespaceError({ userNamespace }: SpawnSpec, errno: number): GlassboxError {
  const why = `${errnoName(errno)} (${errnoMessage(errno)})`
  if (userNamespace) {
    return new MissingFeatureError(
      'user namespaces',
      `This user cannot make a user namespace: clone3 failed with ${why}.`,
      'Allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone=1, ' +
        'kernel.apparmor_restrict_unprivileged_userns=0), or run as root. "glassbox doctor" says which it is.',
    )
  }
  return new MissingFeatureError(
    'namespaces',
    `New namespaces cannot be made: clone3 failed with ${why}.`,
    'In a container, run it with CAP_SYS_ADMIN and without a seccomp profile that forbids clone3. "glassbox doctor" says more.',
  )
}
