/**
 * Why the host does not let a program start: the errors of the supervisor for a feature that is
 * missing, in the words of this runner. Nothing was started.
 */
import { readFileSync } from 'node:fs'
import { GlassboxError, MissingFeatureError } from '../../errors.ts'

const PROFILE =
  'A seccomp profile or a security module around this process forbids it: in a container, use the default ' +
  'profile of a recent Docker or Podman, on Linux 4.8 or later.'

/** By kernel.yama.ptrace_scope. A value of 1 allows to trace children. */
const YAMA: Readonly<Record<string, string>> = {
  2: 'kernel.yama.ptrace_scope is 2: set it to 1, or run with CAP_SYS_PTRACE.',
  3: 'kernel.yama.ptrace_scope is 3, which forbids it until the next boot: boot with 1 or less.',
}

function yamaScope(): string {
  try {
    return readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'latin1').trim()
  } catch {
    return '' // no Yama
  }
}

/** The error to throw for a failed start. `scope`: kernel.yama.ptrace_scope, for tests. */
export function startError(error: unknown, scope: string = yamaScope()): unknown {
  if (!(error instanceof GlassboxError)) return error
  const { message, hint = '', errno, syscall } = error
  if (error instanceof MissingFeatureError && error.feature === 'ptrace') {
    const what = `The ptrace runner needs ptrace, which this host refuses: ${message}.`
    const remedy = YAMA[scope] ?? (hint.includes('already traced') ? hint : PROFILE)
    return new MissingFeatureError('ptrace', what, remedy, error)
  }
  if (error.code === 'ERR_GLASSBOX_STEP_FAILED' && syscall === 'seccomp') {
    const what = `The ptrace runner needs seccomp filters, which this host refuses: ${message}.`
    const details = errno === undefined ? { syscall } : { syscall, errno }
    return new MissingFeatureError('seccomp', what, PROFILE, error, details)
  }
  return error
}
