/**
 * Starts a command that waits to be seized. The process is a child of the calling thread, which is
 * to be its tracer; the socket to it is owned by the returned object.
 */
import { GlassboxError } from '../errors.ts'
import { runPlan, send, syscall } from '../gate/gate.ts'
import { LAUNCHER_REQUEST_LAYOUT, PLAN_FAILURE_LAYOUT } from '../gate/generated/layouts.ts'
import { socketPair } from '../launch/socket-pair.ts'
import { programDescriptor } from '../launch/static-program.ts'
import { executeStep, stepError } from '../launch/step-error.ts'
import { __WALL, MSG_DONTWAIT } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Plan } from '../plan/types.ts'
import { type LaunchSpec, launchPlan, spawnPlan } from './launch-plan.ts'

const CLOSE = syscallNumber('close')
const POLL = syscallNumber('poll')
const RECVFROM = syscallNumber('recvfrom')
const WAIT4 = syscallNumber('wait4')
/** As the command ends where it cannot execute the program. */
const NOT_EXECUTED = 1
/** A launcher that runs takes its plan in a millisecond. */
const SEND_PATIENCE_MS = 10_000
const POLLOUT = 4

/** What a launcher that waits to be seized is known by. */
export interface Waiting {
  readonly pid: number
  readonly socket: number
}

export class Launch {
  readonly pid: number
  readonly path: string
  readonly #socket: number
  readonly #plan: Plan
  readonly #encoded: ReturnType<typeof encodePlan>

  /** `waiting`: a launcher that is there already, with the socket to it. */
  constructor(spec: LaunchSpec, stdio: readonly [number, number, number], waiting?: Waiting) {
    this.path = spec.path
    this.#plan = launchPlan(spec, waiting && NOT_EXECUTED)
    this.#encoded = encodePlan(this.#plan)
    if (waiting) {
      this.pid = waiting.pid
      this.#socket = waiting.socket
      return
    }
    const { ours, theirs } = socketPair()
    this.#socket = ours
    try {
      this.pid = spawn(theirs, stdio)
    } catch (error) {
      this.close()
      throw error
    } finally {
      syscall(CLOSE, theirs)
    }
  }

  /** Sends the plan; from now on the process is on its way to the command. */
  go(): void {
    const { bytes } = this.#encoded
    const message = new Uint8Array(LAUNCHER_REQUEST_LAYOUT.SIZE + bytes.length)
    const length = BigInt(bytes.length)
    new DataView(message.buffer).setBigUint64(LAUNCHER_REQUEST_LAYOUT.length, length, true)
    message.set(bytes, LAUNCHER_REQUEST_LAYOUT.SIZE)
    sendWithin(SEND_PATIENCE_MS, this.#socket, message)
  }

  /** Why the launcher ended before its execve: the step that failed. */
  failure(): GlassboxError {
    const words = new Int32Array(PLAN_FAILURE_LAYOUT.SIZE / 4)
    const got = syscall(RECVFROM, this.#socket, words, words.byteLength, MSG_DONTWAIT, 0, 0)
    const index = words[PLAN_FAILURE_LAYOUT.step / 4] ?? -1
    const errno = words[PLAN_FAILURE_LAYOUT.error / 4] ?? 0
    if (got === words.byteLength) return stepError(this.#plan, this.#encoded.origin[index], errno)
    return new GlassboxError(
      'ERR_GLASSBOX_STEP_FAILED',
      `${this.path} was not started: its launcher was killed from outside.`,
      { path: this.path, hint: 'Start it again; if nobody killed it, the kernel’s log may say why.' },
    )
  }

  /** The command's execve failed, as its tracer saw. */
  executeFailure(errno: number): GlassboxError {
    return stepError(this.#plan, executeStep(this.#plan), errno)
  }

  close(): void {
    syscall(CLOSE, this.#socket)
  }

  /** For a process that was never seized: an end of its socket ends it. */
  abandon(): void {
    this.close()
    syscall(WAIT4, this.pid, 0, __WALL, 0)
  }
}

/**
 * Sends everything from a thread that may wait; a launcher that was stopped must not hold it for
 * ever.
 */
function sendWithin(patienceMs: number, socket: number, bytes: Uint8Array): void {
  const end = performance.now() + patienceMs
  for (let at = 0; at < bytes.length; ) {
    at += send(socket, bytes.subarray(at))
    const left = end - performance.now()
    if (at < bytes.length && left <= 0) throw notTaken(patienceMs)
    if (at < bytes.length) syscall(POLL, Int32Array.of(socket, POLLOUT), 1, Math.ceil(left))
  }
}

const notTaken = (patienceMs: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `The process that was to become the command did not read its plan for ${patienceMs / 1000} s.`,
    { hint: 'Something outside stopped it (SIGSTOP): start it again.' },
  )

function spawn(socket: number, stdio: readonly [number, number, number]): number {
  const { plan, pid } = spawnPlan()
  const { bytes, origin } = encodePlan(plan)
  const { slots, failure } = runPlan(bytes, [socket, programDescriptor('launcher'), ...stdio])
  if (failure) throw stepError(plan, origin[failure.step], failure.errno)
  return Number(slots[pid.slot] ?? -1n)
}
