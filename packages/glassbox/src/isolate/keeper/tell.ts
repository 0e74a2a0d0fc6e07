/** What `--verbose` says, on the caller's standard error output. */
import type { CallIo, IsolateCall } from '../types.ts'

/** Says what is being done, if the caller wants to know. */
export function tell({ verbose }: IsolateCall, io: CallIo, what: string): void {
  if (verbose > 0) io.err(`${what}\n`)
}
