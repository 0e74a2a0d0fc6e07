/**
 * The kernel runner: programs run on a Linux kernel written in TypeScript. It needs no namespace
 * and no privilege, only ptrace, and none of the programs' system calls reaches the host.
 */
import { hasOwnUsers } from '../private/identity.ts'
import type { Runner } from '../runner.ts'
import { check } from './lacks.ts'

export const kernelRunner: Runner = {
  name: 'kernel',
  showsHost: false,
  strangers: hasOwnUsers,
  check,
  open: async spec => (await import('./sandbox.ts')).KernelSandbox.open(spec),
  plan: async (spec, job) => (await import('./plan-text.ts')).planText(spec, job),
}
