/**
 * Starts a command that waits to be seized. The process is a child of the calling thread, which is
 * to be its tracer; the socket to it is owned by the returned object.
 */
import { openSync } from 'node:fs'
import { GlassboxError, MissingFeatureError } from '../errors.ts'
import { LAUNCHER_PATH } from '../gate/addon.ts'
import { call, runPlan, sendAll, syscall, systemError } from '../gate/gate.ts'
import {
  __WALL,
  AF_UNIX,
  MSG_DONTWAIT,
  O_CLOEXEC,
  O_PATH,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from '../linux/constants.ts'
import { errnoMessage, errnoName } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { encodePlan } from '../plan/encode.ts'
import { type LaunchSpec, launchPlan, spawnPlan } from './launch-plan.ts'

const CLOSE = syscallNumber('close')
const RECVFROM = syscallNumber('recvfrom')
const WAIT4 = syscallNumber('wait4')
const FAILURE_BYTES = 8
/** As the command ends where it cannot execute the program. */
const NOT_EXECUTED = 1

/** What a launcher that waits to be seized is known by. */
export interface Waiting {
  readonly pid: number
  readonly socket: number
}

export class Launch {
  readonly pid: number
  readonly path: string
  readonly #socket: number
  readonly #encoded: ReturnType<typeof encodePlan>

  /** `waiting`: a launcher that is there already, with the socket to it. */
  constructor(spec: LaunchSpec, stdio: readonly [number, number, number], waiting?: Waiting) {
    this.path = spec.path
    this.#encoded = encodePlan(launchPlan(spec, waiting && NOT_EXECUTED))
    if (waiting) {
      this.pid = waiting.pid
      this.#socket = waiting.socket
      return
    }
    const sockets = new Int32Array(2)
    call('socketpair', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets])
    const [ours = -1, theirs = -1] = sockets
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
    sendAll(this.#socket, new Uint8Array(BigUint64Array.of(BigInt(bytes.length)).buffer))
    sendAll(this.#socket, bytes)
  }

  /** Why the launcher ended before its execve: the step that failed. */
  failure(): GlassboxError {
    const words = new Int32Array(2)
    const got = syscall(RECVFROM, this.#socket, words, FAILURE_BYTES, MSG_DONTWAIT, 0, 0)
    const [index = -1, errno = 0] = words
    const step = this.#encoded.origin[index]
    if (got < FAILURE_BYTES || !step) {
      return new GlassboxError(
        'ERR_GLASSBOX_STEP_FAILED',
        `${this.path} was not started: its launcher was killed from outside.`,
        { path: this.path, hint: 'Start it again; if nobody killed it, the kernel’s log may say why.' },
      )
    }
    const name = step.kind === 'syscall' ? step.name : 'clone3'
    if (name === 'execve') return executeError(this.path, errno)
    return new GlassboxError(
      'ERR_GLASSBOX_STEP_FAILED',
      `${this.path} was not started: "${step.label}" failed in ${name}: ${errnoName(errno)} (${errnoMessage(errno)})`,
      { errno, syscall: name, path: this.path, hint: STEP_HINTS[name] ?? 'See the man page of that call.' },
    )
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

const STEP_HINTS: Readonly<Record<string, string>> = {
  chdir: 'Name a working directory that is there and that the user may enter.',
  setgroups: 'Running as another user needs root.',
  setresgid: 'Running as another user needs root.',
  setresuid: 'Running as another user needs root.',
}

function spawn(socket: number, stdio: readonly [number, number, number]): number {
  const { plan, pid } = spawnPlan()
  const { slots, failure } = runPlan(encodePlan(plan).bytes, [socket, launcherDescriptor(), ...stdio])
  if (failure) throw systemError('clone3 (of the launcher)', failure.errno)
  return Number(slots[pid.slot] ?? -1n)
}

let descriptor: number | undefined

/** Opened once for the life of the thread: executed by descriptor. */
export function launcherDescriptor(): number {
  try {
    descriptor ??= openSync(LAUNCHER_PATH, O_PATH | O_CLOEXEC)
    return descriptor
  } catch (error) {
    throw new MissingFeatureError(
      'launcher',
      `glassbox's launcher cannot be opened: ${LAUNCHER_PATH}.`,
      'Run "npm run build" in a checkout, or install the package again.',
      error,
    )
  }
}

/** What a failed execve means to whoever wanted the program. */
export function executeError(path: string, errno: number): GlassboxError {
  const details = { errno, syscall: 'execve', path }
  const why = `${errnoName(errno)} (${errnoMessage(errno)})`
  if (errnoName(errno) === 'ENOENT') {
    return new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', `${path}: not found: ${why}`, {
      ...details,
      hint: 'If the file is there, its interpreter (the #! line) or its dynamic loader is not.',
    })
  }
  return new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE', `${path}: cannot be executed: ${why}`, {
    ...details,
    hint: 'It must be a program for this machine or a script with a #! line, and have permission to be executed.',
  })
}
