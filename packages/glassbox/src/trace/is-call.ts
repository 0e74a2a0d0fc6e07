/** Tells the calls among the events of a trace, by name, with their arguments typed. */
import type { CallEventOf, TraceEvent, TypedCall } from './events.ts'

/**
 * Whether an event is the entry or the exit of a call of this name. TypeScript then knows the
 * arguments of the most used calls, as `args` of TraceEvent has them.
 *
 * @example
 *     for await (const event of trace({ program: 'ls' }))
 *       if (isCall(event, 'openat') && event.type === 'syscall-exit')
 *         console.log(event.args.path, event.args.flags, event.result)
 */
export function isCall<Name extends TypedCall>(
  event: TraceEvent,
  name: Name,
): event is Extract<TraceEvent, { readonly name: Name }>
export function isCall<Name extends string>(event: TraceEvent, name: Name): event is CallEventOf<Name>
export function isCall(event: TraceEvent, name: string): boolean {
  return 'name' in event && event.name === name
}
