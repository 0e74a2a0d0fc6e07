/**
 * The table of calls that the kernel serves. A family is a file of handlers. A handler takes the
 * task and the call's arguments, and answers with a result or a negative errno, with BLOCKED after
 * `task.block()`, or with NO_RESULT.
 *
 * - Arguments arrive as their kind in the table of calls says: an `int` or descriptor is signed
 *   32-bit, an `unsigned` is unsigned, the rest is a signed 64-bit number. Handlers convert
 *   nothing.
 * - A handler never throws. If it does, that is a fault of the kernel: the call ends with EFAULT,
 *   and the fault is counted and reported.
 * - No closure, BigInt, Buffer or promise on the path of a call that does not wait.
 */
import type { Task } from '../task/types.ts'

export type Handler = (task: Task, a: number, b: number, c: number, d: number, e: number, f: number) => number

/** How far a call is served. A partial one says what is missing, in one sentence. */
export type Support = { readonly handler: Handler; readonly partly?: string }

/** The calls of one file: names of the table of calls. A plain handler is fully supported. */
export type Family = Readonly<Record<string, Handler | Support>>
