/**
 * The start of a program: a child that this thread traces runs the program's plan. Owns what the
 * start needs until `end`.
 */
import { GlassboxError } from '../../errors.ts'
import { type NotStarted, type SeizedStart, startSeized } from '../../gate/ptrace.ts'
import { systemError } from '../../gate/gate.ts'
import { emptyBoundingSet, hasCapabilities } from '../../launch/capabilities.ts'
import { stepError } from '../../launch/step-error.ts'
import { CAP_SETPCAP } from '../../linux/constants.ts'
import { seizeError } from '../../ptrace/start/seize.ts'
import type { ProgramSpec } from '../contract.ts'
import { inputsOf, type MadePlan, madePlan } from './program-plan.ts'
import { seizeOptions } from './seize.ts'

/** Whether this thread has emptied its bounding set, which its children inherit. */
let isBounded = false

/** An ordinary user may not, and needs it no more: no_new_privs forbids what the set limits. */
function bound(): void {
  if (isBounded || !hasCapabilities(CAP_SETPCAP)) return
  emptyBoundingSet()
  isBounded = true
}

export class Start {
  readonly pid: number
  readonly #spec: ProgramSpec
  readonly #made: MadePlan
  #seized: SeizedStart | undefined

  /**
   * Starts the child. `hold`: it waits for this word before it enters its ruleset, whose rules are
   * still being added. Throws if there is none then, among others MissingFeatureError('ptrace') if
   * the kernel does not let this user trace.
   */
  constructor(spec: ProgramSpec, hold?: Int32Array) {
    this.#spec = spec
    bound()
    this.#made = madePlan(spec)
    const { group } = spec
    const options = seizeOptions(!group?.hasPeak)
    const { encoded, wallAt } = this.#made
    const how = { cgroup: group?.birth, hold: hold && { step: wallAt, word: hold } }
    const made = startSeized(encoded.bytes, inputsOf(spec), options, how)
    if ('step' in made) throw this.#notStarted(made)
    this.#seized = made
    this.pid = made.pid
  }

  #notStarted({ step, errno }: NotStarted): GlassboxError {
    if (step === 'killed') return this.#killed()
    return step === 'seize' ? seizeError(0, errno) : systemError('clone3', errno)
  }

  #killed(): GlassboxError {
    return new GlassboxError(
      'ERR_GLASSBOX_STEP_FAILED',
      `${this.#spec.path} was not started: its process was killed from outside before.`,
      {
        path: this.#spec.path,
        hint: 'Start it again. If no process killed it, the kernel’s log may say why.',
      },
    )
  }

  /** The child has executed the program. */
  executed(): void {
    this.#seized?.end()
    this.#seized = undefined
  }

  /** The child is dead. Returns why it did not execute the program: the step that failed. */
  failure(): GlassboxError {
    const failure = this.#seized?.end()
    this.#seized = undefined
    const { plan, encoded } = this.#made
    return failure ? stepError(plan, encoded.origin[failure.step], failure.errno) : this.#killed()
  }
}
