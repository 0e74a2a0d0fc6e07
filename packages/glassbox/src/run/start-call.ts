/**
 * Starts the work of a call and returns its handle. The streams and listeners that the call
 * claimed are released when the work settles, whether it succeeds or fails.
 */
import type { AnyResult } from '../job/result.ts'
import { Call } from './call.ts'
import { RunHandle } from './handle.ts'

/**
 * `work` runs the program. Before it awaits anything, it has to check the options and begin the
 * call with them, so the caller's streams are claimed at once.
 */
export function startCall(work: (call: Call) => Promise<AnyResult>): RunHandle<string | Uint8Array> {
  const call = new Call()
  return new RunHandle(conduct(call, work), call)
}

async function conduct(call: Call, work: (call: Call) => Promise<AnyResult>): Promise<AnyResult> {
  try {
    const result = await work(call)
    await call.streams().finish()
    call.streams().settle()
    return result
  } catch (error) {
    await call.streams().abandon(error)
    throw error
  } finally {
    call.release()
  }
}
