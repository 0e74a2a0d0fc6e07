/**
 * The text of strace for a program in a box: a module of handlers for the worker that traces it.
 */
import type { TraceHandlers } from '../trace/handlers.ts'
import { makeHandlers } from './handlers.ts'
import { say } from './text/messages.ts'
import type { TraceSettings } from './options.ts'

/** `data`: the settings. Ends with whether everything was written. */
export default async function boxTrace(data: unknown): Promise<TraceHandlers> {
  let isWritten = true
  const { handlers } = await makeHandlers(data as TraceSettings, {
    outputFailed(message) {
      isWritten = false
      say(message)
    },
    limitReached: () => {},
  })
  return {
    ...handlers,
    end() {
      handlers.end?.()
      return isWritten
    },
  }
}
