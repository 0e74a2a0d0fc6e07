/** The runners by name. No other file above `runners/` names a runner. */
import type { RunnerName } from '../job/result.ts'
import { kernelRunner } from '../runners/kernel/runner.ts'
import { namespaceRunner } from '../runners/namespace/runner.ts'
import { ptraceRunner } from '../runners/ptrace/runner.ts'
import type { Runner } from '../runners/runner.ts'
import { withTypedErrors } from './typed-errors.ts'

const RUNNERS: Readonly<Record<RunnerName, Runner>> = {
  namespace: withTypedErrors(namespaceRunner),
  ptrace: withTypedErrors(ptraceRunner),
  kernel: withTypedErrors(kernelRunner),
}

/** The runner that checked options ask for. */
export const runnerOf = ({ runner = 'namespace' }: { readonly runner?: RunnerName }): Runner =>
  RUNNERS[runner]
