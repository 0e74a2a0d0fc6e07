/**
 * The messages between the main thread and a supervisor. All are plain data. A message to a
 * supervisor that serves programs waits in its port until it is woken (see trace/control.ts).
 */
import type { CallDecision, CallToDecide } from '../policy/policy.ts'
import type { PackedError } from '../trace/wire.ts'
import type { Decisions, ProgramSpec, SupervisedEnding } from './contract.ts'
import type { Shelved } from './shelf.ts'

/** Why the main thread ends a program. `failed`: a handler of the caller's failed. */
export type StopReason = 'canceled' | 'output' | 'failed'

/** What a program has in common with others of its policy is sent once. */
export interface SentSpec extends Omit<ProgramSpec, 'filter' | 'decisions'> {
  readonly filter: Shelved<Uint8Array>
  readonly decisions: Shelved<Decisions>
}

/**
 * `id` is the number of a program, `ask` that of a question of this supervisor. `start` starts a
 * program. With `hold` it waits for that word before it enters its ruleset; `drop` ends it then,
 * which `failed` answers.
 */
export type ToSupervisor =
  | {
      readonly type: 'start'
      readonly id: number
      readonly spec: SentSpec
      readonly hold: Int32Array | undefined
    }
  | { readonly type: 'drop'; readonly id: number }
  | { readonly type: 'stop'; readonly id: number; readonly reason: StopReason }
  | { readonly type: 'answer'; readonly ask: number; readonly decision: CallDecision }

/**
 * `ended` also says that the program had started, if nothing has said so before. `failure`: the
 * supervisor could not decide about the program, and has ended it.
 */
export type FromSupervisor =
  | { readonly type: 'started'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: PackedError }
  | {
      readonly type: 'ended'
      readonly id: number
      readonly ending: SupervisedEnding
      readonly failure: PackedError | undefined
    }
  | {
      readonly type: 'ask'
      readonly id: number
      readonly ask: number
      readonly handler: number
      readonly call: CallToDecide
    }

/** The commands that come by shared words: look at the port; let everything go. */
export const COMMAND = { messages: 1, quit: 2 } as const
