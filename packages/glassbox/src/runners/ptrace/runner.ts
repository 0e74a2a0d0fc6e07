/**
 * The ptrace runner: programs of the host under a tracer, each in a private directory. It needs no
 * namespace, no cgroup and no privilege. What a program may do is up to its policy: seccomp and
 * Landlock enforce it, and the tracer decides and reports what they leave to it.
 */
import { startProgram } from '../../supervisor/supervise.ts'
import type { Runner } from '../runner.ts'
import { check } from './lacks.ts'
import { planText } from './plan-text.ts'
import { PtraceSandbox } from './sandbox.ts'

export const ptraceRunner: Runner = {
  name: 'ptrace',
  showsHost: true,
  check,
  open: spec => PtraceSandbox.open(spec, startProgram),
  plan: planText,
}
