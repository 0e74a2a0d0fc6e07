/** Families of this folder: their handlers take the task as its class, not as its contract. */
import type { Task } from '../../task/state.ts'
import type { Family } from '../family.ts'

export type TaskHandler = (
  task: Task,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
) => number

/** A handler that serves its call in part; `partly` says in one sentence what is missing. */
export interface PartHandler {
  readonly handler: TaskHandler
  readonly partly: string
}

/** Every task of a world is of the class, so handlers may take it as such. */
export function family(handlers: Readonly<Record<string, TaskHandler | PartHandler>>): Family {
  return handlers as unknown as Family
}
