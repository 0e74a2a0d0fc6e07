/** A handle of a call that was refused: its promise rejects, its streams are empty. */
import type { AnyResult } from '../job/result.ts'
import type { Call } from './call.ts'
import { RunHandle } from './handle.ts'

export function rejectedHandle(error: unknown, { events }: Call): RunHandle<string | Uint8Array> {
  const refused = async (): Promise<AnyResult> => {
    throw error
  }
  return new RunHandle(refused(), events, () => {})
}
