/**
 * A supervisor as the main thread sees it: owns the worker, and knows which programs run in it.
 * The worker keeps the process alive only while a program runs. When the process exits, the worker
 * is woken, because a thread in waitid would block the exit forever.
 */
import type { Worker } from 'node:worker_threads'
import { GlassboxError } from '../errors.ts'
import type { BegunRuleset, OwnGrant } from '../landlock/types.ts'
import type { CallDecision, CallToDecide } from '../policy/policy.ts'
import { Control } from '../trace/control.ts'
import { unpackError } from '../trace/wire.ts'
import { endHold, holdWord } from '../gate/ptrace.ts'
import { workerStartError } from '../gate/worker-error.ts'
import type { Decisions, ProgramSpec, Supervised, SupervisedEnding } from './contract.ts'
import { Shelf } from './shelf.ts'
import { COMMAND, type FromSupervisor, type StopReason, type ToSupervisor } from './wire.ts'

/**
 * The bundle of `worker.ts`. Its path is relative to the parent folder, so that other bundles find
 * it too: they are as deep as modules are.
 */
const WORKER = '../library/supervisor-worker.js'

export type Ask = (handler: number, call: CallToDecide) => CallDecision | Promise<CallDecision>

/** One exit listener serves all supervisors. */
const running = new Set<Control>()
process.on('exit', () => {
  for (const control of running) control.command(COMMAND.quit)
})

interface Settle<Value> {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
  readonly reject: (error: unknown) => void
}

function settleLater<Value>(): Settle<Value> {
  let resolve!: (value: Value) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<Value>((...both) => ([resolve, reject] = both))
  // A caller may wait for only one of several promises.
  promise.catch(() => {})
  return { promise, resolve, reject }
}

interface Running {
  readonly ask: Ask
  readonly started: Settle<void>
  readonly ended: Settle<SupervisedEnding>
  /** A handler or the supervisor failed, so the program is being ended, and this is why. */
  failure?: { readonly error: unknown }
}

/** A program that was sent to the worker. */
interface Launched {
  readonly id: number
  /** Resolves once it executes its file. */
  readonly supervised: () => Promise<Supervised>
}

const isSame = (a: readonly OwnGrant[], b: readonly OwnGrant[]): boolean =>
  a.length === b.length &&
  a.every(({ path, access }, index) => b[index]?.path === path && b[index].access === access)

export class Supervisor {
  /** Whether its worker has begun to take messages. */
  isWarm = false
  isDead = false
  readonly #control = new Control()
  readonly #worker: Worker
  readonly #programs = new Map<number, Running>()
  readonly #filters = new Shelf<Uint8Array>()
  readonly #decisions = new Shelf<Decisions>()
  #last = 0

  constructor() {
    // Loaded here because most programs do not use it.
    const threads = process.getBuiltinModule('node:worker_threads')
    this.#worker = new threads.Worker(new URL(WORKER, import.meta.url), {
      workerData: { shared: this.#control.shared },
      name: 'glassbox-supervisor',
      // This command-line option is for the main script only: Node would not start a worker with
      // it.
      ...(process.execArgv.some(word => word.startsWith('--input-type')) ? { execArgv: [] } : {}),
    })
    this.#worker.on('message', (message: FromSupervisor) => this.#receive(message))
    this.#worker.on('online', () => (this.isWarm = true))
    this.#worker.on('error', error => this.#lost(error))
    this.#worker.on('exit', () => this.#lost(undefined))
    this.#worker.unref()
    running.add(this.#control)
  }

  /** How many programs it serves. */
  get load(): number {
    return this.#programs.size
  }

  /** Starts a program; see the contract. */
  async start(spec: ProgramSpec, ask: Ask, begun?: BegunRuleset): Promise<Supervised> {
    if (!begun) return this.#launch(spec, ask).supervised()
    const { fd, expectedOwn } = begun
    if (!expectedOwn) return this.#launch({ ...spec, ruleset: begun.addAll() }, ask).supervised()
    const hold = holdWord()
    const held = this.#launch({ ...spec, ruleset: { fd, own: expectedOwn } }, ask, hold)
    try {
      const ruleset = begun.addAll()
      if (isSame(ruleset.own, expectedOwn)) {
        endHold(hold)
        return await held.supervised()
      }
      await this.#drop(held)
      return await this.#launch({ ...spec, ruleset }, ask).supervised()
    } catch (error) {
      await this.#drop(held)
      throw error
    }
  }

  #launch(spec: ProgramSpec, ask: Ask, hold?: Int32Array): Launched {
    const id = this.#last++
    const program: Running = { ask, started: settleLater(), ended: settleLater() }
    this.#programs.set(id, program)
    this.#worker.ref()
    const filter = this.#filters.put(spec.filter)
    const decisions = this.#decisions.put(spec.decisions)
    this.#send({ type: 'start', id, spec: { ...spec, filter, decisions }, hold })
    return {
      id,
      supervised: async () => {
        await program.started.promise
        return { ended: program.ended.promise, stop: reason => this.#stop(id, reason) }
      },
    }
  }

  /** Ends a program that has not been let go, and waits until its process is dead. */
  async #drop({ id, supervised }: Launched): Promise<void> {
    if (!this.#programs.has(id)) return
    this.#send({ type: 'drop', id })
    await supervised().catch(() => {})
  }

  #stop(id: number, reason: StopReason): void {
    if (this.#programs.has(id)) this.#send({ type: 'stop', id, reason })
  }

  #send(message: ToSupervisor): void {
    const port = this.#worker
    port.postMessage(message)
    this.#control.command(COMMAND.messages)
  }

  #receive(message: FromSupervisor): void {
    const program = this.#programs.get(message.id)
    if (!program) return
    switch (message.type) {
      case 'started':
        program.started.resolve()
        break
      case 'failed':
        program.started.reject(unpackError(message.error))
        this.#remove(message.id)
        break
      case 'ended':
        program.started.resolve()
        if (message.failure) program.failure ??= { error: unpackError(message.failure) }
        if (program.failure) program.ended.reject(program.failure.error)
        else program.ended.resolve(message.ending)
        this.#remove(message.id)
        break
      case 'ask':
        void this.#ask(program, message)
    }
  }

  async #ask(
    program: Running,
    { id, ask, handler, call }: Extract<FromSupervisor, { type: 'ask' }>,
  ): Promise<void> {
    try {
      const decision = await program.ask(handler, call)
      if (this.#programs.has(id)) this.#send({ type: 'answer', ask, decision })
    } catch (error) {
      program.failure ??= { error }
      this.#stop(id, 'failed')
    }
  }

  #remove(id: number): void {
    this.#programs.delete(id)
    if (this.#programs.size === 0) this.#worker.unref()
  }

  /** The worker has failed or ended. The kernel has killed everything that it traced. */
  #lost(cause: unknown): void {
    this.isDead = true
    running.delete(this.#control)
    const error =
      workerStartError(cause, 'the thread of a supervisor') ??
      new GlassboxError('ERR_GLASSBOX_INTERNAL', 'The supervisor of the program ended unexpectedly.', {
        cause,
        hint: 'Every process of the program is dead. Please report this.',
      })
    for (const { started, ended } of this.#programs.values()) {
      started.reject(error)
      ended.reject(error)
    }
    this.#programs.clear()
  }
}
