/**
 * Combines the user's handlers with the handlers that make events. The user's are called first,
 * and their return values count.
 */
import type { TraceHandlers } from './handlers.ts'
import { commonPlan } from './lanes.ts'

type Name = Exclude<keyof TraceHandlers, 'lines' | 'plan'>

const NAMES: readonly Name[] = [
  ...(['enter', 'exit', 'signal', 'groupStop', 'newChild', 'attached', 'notAttached', 'exec'] as const),
  ...(['abiChanged', 'exiting', 'exited', 'killed', 'detached', 'end', 'idle'] as const),
]

export function combine(own: TraceHandlers | undefined, events: TraceHandlers): TraceHandlers {
  if (!own) return events
  const lookers = [own, events].filter(handlers => 'enter' in handlers || 'exit' in handlers)
  const combined: Partial<Record<Name, (...args: never[]) => unknown>> = {
    mayDefer: (nr: number) => lookers.every(looker => looker.mayDefer?.(nr) ?? false),
  }
  for (const name of NAMES) {
    const first = (own[name] as ((...args: unknown[]) => unknown) | undefined)?.bind(own)
    const second = events[name] as ((...args: unknown[]) => unknown) | undefined
    if (first && second) {
      combined[name] = (...args) => {
        const result = first(...args)
        second(...args)
        return result
      }
      continue
    }
    const only = first ?? second
    if (only) combined[name] = only
  }
  return { ...(combined as TraceHandlers), plan: nr => commonPlan(lookers, nr) }
}
