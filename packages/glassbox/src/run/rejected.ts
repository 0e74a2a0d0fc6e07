/** A handle of a call that was refused: its promise rejects, its streams are empty. */
import type { AnyResult } from '../job/result.ts'
import type { Call } from './call.ts'
import { RunHandle } from './handle.ts'

export const rejectedHandle = (error: unknown, { events }: Call): RunHandle<string | Uint8Array> =>
  new RunHandle<string | Uint8Array>(Promise.reject<AnyResult>(error), events, () => {})
