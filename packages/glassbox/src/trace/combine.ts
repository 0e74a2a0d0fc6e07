/**
 * Combines the user's handlers with the handlers that make events. The user's are called first,
 * and their return values count.
 */
import type { Planned } from '../decode/lanes/plan.ts'
import type { TraceHandlers } from './handlers.ts'

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

/** One that is told of calls: handlers, or an output. */
interface Looker {
  mayDefer?(nr: number): boolean
  plan?(nr: number): Planned | undefined
}

/**
 * The plan for a call that all of these are told of: all but one read nothing. `undefined` if the
 * thread must wait for one of them, or if two read memory.
 */
export function commonPlan(lookers: readonly Looker[], nr: number): Planned | undefined {
  let found: Planned | undefined
  for (const looker of lookers) {
    const plan = looker.plan?.(nr)
    if (plan && found) return undefined
    if (plan) found = plan
    else if (looker.mayDefer?.(nr) !== true) return undefined
  }
  return found
}
