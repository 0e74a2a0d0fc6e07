/**
 * Makes a handle of a call: does the work, and gives back what was claimed for it, whatever
 * happens.
 */
import type { AnyResult } from '../job/result.ts'
import { Call } from './call.ts'
import { RunHandle } from './handle.ts'

/**
 * `work` runs the program. Before it waits for anything, it checks the options and begins the call
 * with them.
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
