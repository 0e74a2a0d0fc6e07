/**
 * `glassbox strace --runner kernel`. It brings the runners, so the build puts it into a bundle of
 * its own, which is loaded for this option alone.
 */
import type { Result } from '../../strace/command.ts'
import { straceInKernel } from '../../strace/in-kernel.ts'
import type { StraceOptions } from '../../strace/options.ts'
import { exitCodeOf } from '../exit-code.ts'
import { reportLine } from '../run/report.ts'

/** Throws what `straceInKernel` rejects with. */
export function traceInKernel(options: StraceOptions): Promise<Result> {
  return straceInKernel(options, result =>
    result.limit ? { code: exitCodeOf(result), message: reportLine(result) } : undefined,
  )
}
