/**
 * The ptrace runner: programs of the host under a tracer, each in a private directory. It needs no
 * namespace, no cgroup and no privilege. What a program may do is up to its policy: seccomp and
 * Landlock enforce it, and the tracer decides and reports what they leave to it.
 */
import type { Runner } from '../runner.ts'
import { hasOwnUsers } from '../private/identity.ts'
import { check } from './lacks.ts'

export const ptraceRunner: Runner = {
  name: 'ptrace',
  showsHost: true,
  strangers: hasOwnUsers,
  check,
  // Runs in boxes do not need what follows, and the command should not load it for them.
  open: async spec => {
    const [{ PtraceSandbox }, { startProgram }] = await Promise.all([
      import('./sandbox.ts'),
      import('../../supervisor/supervise.ts'),
    ])
    return PtraceSandbox.open(spec, startProgram)
  },
  plan: async (spec, job) => (await import('./plan-text.ts')).planText(spec, job),
}
