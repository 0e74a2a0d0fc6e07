/**
 * Writes the output of strace for a program in a box: a module of handlers for the worker that
 * traces it.
 */
import type { TraceHandlers } from '../trace/handlers.ts'
import { makeHandlers } from './handlers.ts'
import { say } from './text/messages.ts'
import type { TraceSettings } from './options.ts'

/**
 * Whether the trace is complete. `cut`: it reached its size limit. `failed`: it could not be
 * written.
 */
export type TraceOutcome = 'written' | 'cut' | 'failed'

/**
 * `data`: the settings. The trace's end has the outcome as its data. A message says that the
 * program could not be executed, and that the text says so.
 */
export default async function boxTrace(
  data: unknown,
  post: (message: unknown) => void,
): Promise<TraceHandlers> {
  let outcome: TraceOutcome = 'written'
  const { handlers } = await makeHandlers(data as TraceSettings, {
    outputFailed(message) {
      outcome = 'failed'
      say(message)
    },
    outputFull: () => void (outcome = 'cut'),
    limitReached: () => {},
    notExecuted: () => post('not executed'),
  })
  return {
    ...handlers,
    end() {
      handlers.end?.()
      return outcome
    },
  }
}
