/**
 * The addon's functions with types: system calls, running a plan, sending descriptors. `syscall`
 * returns what the kernel returns, a negative number for an error; the other functions throw an
 * error that names the call.
 */
import { GlassboxError } from '../errors.ts'
import { ERRNO, errnoMessage, errnoName } from '../linux/errno.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { addon } from './addon.ts'
import { errnoHint } from './errno-hint.ts'
import { MAX_DESCRIPTORS, PLAN_FAILURE_LAYOUT, PLAN_SLOTS } from './generated/layouts.ts'

export type SyscallArgument = number | bigint | NodeJS.TypedArray

/**
 * Makes a system call by number. A typed array is passed as a pointer to its bytes. Returns the
 * result, or -errno. After EINTR the call is made again, unless that would change what it does
 * (close), or how long it takes (poll).
 */
export function syscall(number: number, ...args: readonly SyscallArgument[]): number {
  return addon().syscall(number, ...args)
}

/**
 * Makes a system call by name. Throws ERR_GLASSBOX_SYSTEM, which names the call and its subject,
 * if it fails.
 */
export function call(name: string, args: readonly SyscallArgument[], subject = ''): number {
  const result = addon().syscall(syscallNumber(name), ...args)
  if (result < 0 && result >= -4095) throw systemError(name, -result, subject)
  return result
}

/**
 * The error of a system call that failed with `errno` (positive). `subject` is the path or
 * descriptor that the call was about.
 */
export function systemError(name: string, errno: number, subject = '', cause?: unknown): GlassboxError {
  const about = subject === '' ? '' : ` for ${subject}`
  return new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `${name} failed${about}: ${errnoName(errno)} (${errnoMessage(errno)})`,
    {
      errno,
      syscall: name,
      hint: errnoHint(name, errno),
      cause,
      ...(subject === '' ? {} : { path: subject }),
    },
  )
}

/** Error of a Node module as the error of the system call that failed; others unchanged. */
export function asSystemError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof GlassboxError) return error
  const { errno, syscall: name, path } = error as NodeJS.ErrnoException
  return errno === undefined || name === undefined ? error : systemError(name, Math.abs(errno), path, error)
}

/** Runs `work`, and rejects with ERR_GLASSBOX_SYSTEM for an error of Node's own modules. */
export async function withSystemErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asSystemError(error)
  }
}

/**
 * A path as the kernel takes it: bytes (`bytesOfPath`) and a final NUL. A NUL inside would cut the
 * path short, so it is refused.
 */
export function cString(text: string): Uint8Array {
  const bytes = bytesOfPath(`${text}\0`)
  if (bytes.indexOf(0) !== bytes.length - 1) {
    throw new GlassboxError(
      'ERR_GLASSBOX_FILE',
      `A path must not contain a NUL byte: ${JSON.stringify(text)}`,
      { hint: 'Remove the NUL byte: the kernel takes a path only up to it.' },
    )
  }
  return bytes
}

/** Errors that mean that the socket is full for now. */
const EAGAIN = -ERRNO.EAGAIN

/**
 * Sends as many bytes as a stream socket takes now, without waiting, and returns the number, which
 * may be 0. The descriptors are sent with the first byte; the caller still owns its copies. Throws
 * the error of sendmsg(2).
 *
 * @example
 * const sent = send(socket, bytes, [fd])
 * if (sent < bytes.length) later(() => send(socket, bytes.subarray(sent)))
 */
export function send(socket: number, bytes: Uint8Array, descriptors: readonly number[] = []): number {
  const sent = addon().send(socket, bytes, Int32Array.from(descriptors))
  if (sent === EAGAIN) return 0
  if (sent < 0) throw systemError('sendmsg', -sent)
  return sent
}

/** What a socket had. */
export interface Received {
  /** 0: the other end is closed. */
  readonly length: number
  /** They belong to the caller, and are closed at execve. */
  readonly descriptors: readonly number[]
}

/**
 * Reads what a stream socket has into `bytes`, without waiting; `undefined` if it has nothing yet.
 * Throws the error of recvmsg(2).
 */
export function receive(socket: number, bytes: Uint8Array): Received | undefined {
  const descriptors = new Int32Array(MAX_DESCRIPTORS)
  const length = addon().receive(socket, bytes, descriptors)
  if (length === EAGAIN) return undefined
  if (length < 0) throw systemError('recvmsg', -length)
  return { length, descriptors: [...descriptors].filter(descriptor => descriptor >= 0) }
}

export interface PlanOutcome {
  /** The values of all slots after the plan, also if it failed. */
  readonly slots: BigInt64Array
  /**
   * The index of the encoded step that failed (-1: the plan was refused), and its errno;
   * `undefined` if no step failed.
   */
  readonly failure?: { readonly step: number; readonly errno: number }
  /** Which fallbacks of the plan were taken, for `fallbacksOf()`. */
  readonly fallbacks: number
}

/**
 * The slots that hold a descriptor or a child of this process after a plan. A worker thread that
 * is terminated closes and reaps them; see `native/owned.c`.
 */
export interface Made {
  readonly descriptors?: readonly number[]
  readonly children?: readonly number[]
}

/** Runs an encoded plan in this thread. `inputs` become the first slots. */
export function runPlan(
  encoded: Uint8Array,
  inputs: readonly number[],
  { descriptors = [], children = [] }: Made = {},
): PlanOutcome {
  const slots = new BigInt64Array(PLAN_SLOTS).fill(-1n)
  const failure = new Int32Array(PLAN_FAILURE_LAYOUT.SIZE / 4).fill(-1, 0, 2)
  for (const [index, value] of inputs.entries()) slots[index] = BigInt(value)
  const made = [Uint8Array.from(descriptors), Uint8Array.from(children)] as const
  const result = addon().runPlan(encoded, slots, failure, ...made)
  const fallbacks = failure[PLAN_FAILURE_LAYOUT.fallbacks / 4] ?? 0
  if (result === 0) return { slots, fallbacks }
  return { slots, fallbacks, failure: { step: failure[PLAN_FAILURE_LAYOUT.step / 4] ?? -1, errno: -result } }
}
