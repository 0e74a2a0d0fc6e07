/**
 * Starts a process that waits to be seized and then becomes the command. It is a child of the
 * calling thread, which will be its tracer. The returned object owns the socket to it.
 */
import { GlassboxError } from '../errors.ts'
import { close } from '../gate/descriptors.ts'
import { runPlan, send, syscall } from '../gate/gate.ts'
import { LAUNCHER_REQUEST_LAYOUT, PLAN_FAILURE_LAYOUT } from '../gate/generated/layouts.ts'
import { socketPair } from '../launch/socket-pair.ts'
import { programDescriptor } from '../launch/static-program.ts'
import { executeStep, stepError } from '../launch/step-error.ts'
import { __WALL, MSG_DONTWAIT } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Plan } from '../plan/types.ts'
import { spawnPlan } from './launch-plan.ts'

const CLOSE = syscallNumber('close')
const POLL = syscallNumber('poll')
const RECVFROM = syscallNumber('recvfrom')
const WAIT4 = syscallNumber('wait4')
/** A running launcher receives its plan within a millisecond. */
const SEND_PATIENCE_MS = 10_000
const POLLOUT = 4

/** Identifies a launcher that waits to be seized. */
export interface Waiting {
  readonly pid: number
  readonly socket: number
}

export interface LaunchFrom {
  /** They become 0, 1 and 2 of the launcher. */
  readonly stdio: readonly number[]
  /** Descriptors of this process that the launcher keeps under their numbers. */
  readonly inherited?: readonly number[]
  /** An existing launcher, with the socket to it. */
  readonly waiting?: Waiting
}

export class Launch {
  readonly pid: number
  readonly path: string
  readonly #socket: number
  readonly #plan: Plan
  readonly #encoded: ReturnType<typeof encodePlan>

  /**
   * `plan` is what the launcher will do; its last step executes `path`.
   */
  constructor(path: string, plan: Plan, { stdio, inherited = [], waiting }: LaunchFrom) {
    this.path = path
    this.#plan = plan
    this.#encoded = encodePlan(plan)
    if (waiting) {
      this.pid = waiting.pid
      this.#socket = waiting.socket
      return
    }
    const { ours, theirs } = socketPair()
    this.#socket = ours
    try {
      this.pid = spawn(theirs, stdio, inherited)
    } catch (error) {
      this.close()
      throw error
    } finally {
      syscall(CLOSE, theirs)
    }
  }

  /** Sends the plan. From now on the process is about to become the command. */
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
      { path: this.path, hint: 'Start it again. If no process killed it, the kernel’s log may say why.' },
    )
  }

  /** The error for a failed execve of the command, as the tracer saw it. */
  executeFailure(errno: number): GlassboxError {
    return stepError(this.#plan, executeStep(this.#plan), errno)
  }

  close(): void {
    close(this.#socket)
  }

  /** For a process that was never seized: closing the socket ends it. */
  abandon(): void {
    this.close()
    syscall(WAIT4, this.pid, 0, __WALL, 0)
  }
}

/**
 * Sends all bytes, from a thread that may block, with a time limit: a launcher that was stopped
 * must not block it forever.
 */
function sendWithin(patienceMs: number, socket: number, bytes: Uint8Array): void {
  // Not performance.now(): its module takes milliseconds to load.
  const end = process.hrtime.bigint() + BigInt(patienceMs) * 1_000_000n
  for (let at = 0; at < bytes.length; ) {
    at += send(socket, bytes.subarray(at))
    const left = Number(end - process.hrtime.bigint()) / 1e6
    if (at < bytes.length && left <= 0) throw notTaken(patienceMs)
    if (at < bytes.length) syscall(POLL, Int32Array.of(socket, POLLOUT), 1, Math.ceil(left))
  }
}

const notTaken = (patienceMs: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `The process that was to become the command did not read its plan for ${patienceMs / 1000} s.`,
    { hint: 'Another process stopped it (SIGSTOP). Start it again.' },
  )

/** The plan of a launcher that inherits nothing. It can be run any number of times. */
let encodedSpawnPlan: ReturnType<typeof encodeSpawnPlan> | undefined

function plainSpawnPlan(): ReturnType<typeof encodeSpawnPlan> {
  encodedSpawnPlan ??= encodeSpawnPlan([])
  return encodedSpawnPlan
}

function encodeSpawnPlan(inherited: readonly number[]) {
  const { plan, pid } = spawnPlan(inherited)
  return { plan, pid, encoded: encodePlan(plan) }
}

function spawn(socket: number, stdio: readonly number[], inherited: readonly number[]): number {
  const { plan, pid, encoded } = inherited.length === 0 ? plainSpawnPlan() : encodeSpawnPlan(inherited)
  const { bytes, origin } = encoded
  const { slots, failure } = runPlan(bytes, [socket, programDescriptor('launcher'), ...stdio])
  if (failure) throw stepError(plan, origin[failure.step], failure.errno)
  return Number(slots[pid.slot] ?? -1n)
}
