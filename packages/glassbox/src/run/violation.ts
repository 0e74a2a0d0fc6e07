/** A denied call in strace's notation, from what the filter and init saw of it. */
import type { DeniedCall } from '../container/wire.ts'
import type { RunResult } from './result.ts'
export function describeViolation(denied: DeniedCall): NonNullable<RunResult['violation']> {
  return { syscall: String(denied.nr), args: denied.args.join(', ') }
}
