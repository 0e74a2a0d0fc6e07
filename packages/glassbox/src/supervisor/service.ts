/**
 * A supervisor in its worker: takes the messages of the main thread, starts programs and hands
 * them to the loop. While no program runs, the thread is in its event loop and messages come as
 * events. While one runs, the thread is blocked in the loop, and messages are taken from the port
 * when a command says so.
 */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import type { Violation } from '../job/ending.ts'
import { Control } from '../trace/control.ts'
import { packError } from '../trace/wire.ts'
import type { Decisions, ProgramSpec } from './contract.ts'
import type { MakeJudge } from './decision.ts'
import { Loop } from './loop/loop.ts'
import { Program, type Task } from './loop/program.ts'
import { ShelfCopy } from './shelf.ts'
import { Start } from './start/start.ts'
import { COMMAND, type FromSupervisor, type ToSupervisor } from './wire.ts'

/**
 * For this time the thread waits for another program outside its event loop, where it is faster to
 * wake.
 */
const LINGER_MS = 20

interface Question {
  readonly task: Task
  /** What to report if the handler ends the program. */
  readonly call: Violation
}

export class Service {
  readonly #port: MessagePort
  readonly #makeJudge: MakeJudge
  readonly #control: Control
  readonly #loop: Loop
  readonly #questions = new Map<number, Question>()
  readonly #filters = new ShelfCopy<Uint8Array>()
  readonly #decisions = new ShelfCopy<Decisions>()
  #asked = 0
  #isRunning = false
  #isOver = false

  constructor(port: MessagePort, shared: SharedArrayBuffer, makeJudge: MakeJudge) {
    this.#port = port
    this.#makeJudge = makeJudge
    this.#control = new Control(shared)
    this.#loop = new Loop({
      control: this.#control,
      onCommands: commands => this.#obey(commands),
      onStarted: ({ id }) => this.#post({ type: 'started', id }),
      onNotStarted: program => this.#notStarted(program),
      onEnded: (program, nowNs) => {
        this.#close(program)
        const { id } = program
        const failure = program.failure && packError(program.failure.error)
        this.#post({ type: 'ended', id, ending: program.ending(nowNs), failure })
      },
      onAsk: (task, call, handler) => {
        const ask = this.#asked++
        const { args, pid } = call
        const violation = call.describe()
        this.#questions.set(ask, { task, call: violation })
        const question = { syscall: violation.syscall, args: [...args], text: violation.args, pid }
        this.#post({ type: 'ask', id: task.program.id, ask, handler, call: question })
      },
    })
    port.on('message', (message: ToSupervisor) => {
      this.#take(message)
      this.#run()
    })
  }

  #post(message: FromSupervisor): void {
    const port = this.#port
    port.postMessage(message)
  }

  #run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      do this.#loop.run()
      while (!this.#isOver && this.#control.sleep(LINGER_MS) && this.#obey(this.#control.take()))
    } finally {
      this.#isRunning = false
      if (this.#isOver) this.#port.close()
    }
  }

  /** Returns false if the loop must return. Tracees are killed when this thread ends. */
  #obey(commands: number): boolean {
    if (commands & COMMAND.quit) this.#isOver = true
    else
      for (let got = receiveMessageOnPort(this.#port); got; got = receiveMessageOnPort(this.#port))
        this.#take(got.message as ToSupervisor)
    return !this.#isOver
  }

  #take(message: ToSupervisor): void {
    if (message.type === 'start') this.#start(message)
    else if (message.type === 'drop') this.#drop(message.id)
    else if (message.type === 'stop') this.#stop(message)
    else this.#answer(message)
  }

  #failed(id: number, error: unknown): void {
    this.#post({ type: 'failed', id, error: packError(error) })
  }

  /**
   * The judge is made while the child does its first steps. If that fails, the program ends before
   * it has executed anything, and with that error.
   */
  #start({ id, spec: sent, hold }: Extract<ToSupervisor, { type: 'start' }>): void {
    const filter = this.#filters.take(sent.filter)
    const decisions = this.#decisions.take(sent.decisions)
    const spec = { ...sent, filter, decisions }
    try {
      const start = new Start(spec, hold)
      const program = this.#programOf(id, spec, start)
      this.#loop.add(program)
      if (program.failure) this.#loop.end(program, 'canceled')
    } catch (error) {
      this.#failed(id, error)
    }
  }

  #programOf(id: number, spec: ProgramSpec, start: Start): Program {
    const { paths } = spec.decisions
    try {
      return new Program(id, spec, start, paths && this.#makeJudge(paths, spec.user))
    } catch (error) {
      const program = new Program(id, spec, start, undefined)
      program.failure = { error }
      return program
    }
  }

  #drop(id: number): void {
    const program = this.#loop.programs.get(id)
    if (program) this.#loop.end(program, 'canceled')
  }

  #stop({ id, reason }: Extract<ToSupervisor, { type: 'stop' }>): void {
    const program = this.#loop.programs.get(id)
    if (program) this.#loop.end(program, reason === 'output' ? 'output' : 'canceled')
  }

  #answer({ ask, decision }: Extract<ToSupervisor, { type: 'answer' }>): void {
    const question = this.#questions.get(ask)
    this.#questions.delete(ask)
    if (question) this.#loop.answer(question.task, decision, question.call)
  }

  #notStarted(program: Program): void {
    const why = program.start.failure()
    this.#failed(program.id, program.failure ? program.failure.error : why)
    this.#close(program)
  }

  #close({ judge }: Program): void {
    judge?.close()
  }
}
