/** Makes a handle of a call: claims what the caller gave, does the work, and gives everything back, whatever happens. */
import type { CommandOptions } from '../job/options.ts'
import type { AnyResult } from '../job/result.ts'
import { beginCall, type Call } from './call.ts'
import { RunHandle } from './handle.ts'

/** `work` runs the program: it gets the call, whose streams are claimed already. */
export function startCall(
  options: CommandOptions,
  work: (call: Call) => Promise<AnyResult>,
): RunHandle<string | Uint8Array> {
  const call = beginCall(options)
  return new RunHandle(conduct(call, work), call)
}

async function conduct(call: Call, work: (call: Call) => Promise<AnyResult>): Promise<AnyResult> {
  const streams = call.streams()
  try {
    const result = await work(call)
    await streams.finish()
    streams.settle()
    return result
  } catch (error) {
    await streams.abandon(error)
    throw error
  } finally {
    call.release()
  }
}
