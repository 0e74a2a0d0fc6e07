/**
 * The typed face of the addon: raw system calls, running a plan, sending descriptors. A failing call comes back as a
 * negative number from the functions here called `raw`, and as an error that names the call from the others.
 */
import { GlassboxError } from '../errors.ts'
import { errnoMessage, errnoName } from '../linux/errno.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { addon } from './addon.ts'

export type SyscallArgument = number | bigint | NodeJS.TypedArray

/** A typed array stands for a pointer to its bytes. Returns the result, or -errno. */
export function syscall(number: number, ...args: readonly SyscallArgument[]): number {
  return addon().syscall(number, ...args)
}

/** A system call by name; a failure throws and names the call and what it was about. */
export function call(name: string, args: readonly SyscallArgument[], subject = ''): number {
  const result = addon().syscall(syscallNumber(name), ...args)
  if (result < 0 && result >= -4095) throw systemError(name, -result, subject)
  return result
}

/** The error of a system call that failed with `errno` (positive). `subject`: the path or descriptor it was about. */
export function systemError(name: string, errno: number, subject = ''): GlassboxError {
  const about = subject === '' ? '' : ` for ${subject}`
  return new GlassboxError(
    'ERR_GLASSBOX_SYSTEM',
    `${name} failed${about}: ${errnoName(errno)} (${errnoMessage(errno)})`,
    {
      errno,
      syscall: name,
      ...(subject === '' ? {} : { path: subject }),
    },
  )
}

/** A path as the kernel wants it: bytes (`bytesOfPath`) and a final NUL. A NUL inside would cut it short and is refused. */
export function cString(text: string): Uint8Array {
  const bytes = bytesOfPath(`${text}\0`)
  if (bytes.indexOf(0) !== bytes.length - 1) {
    throw new GlassboxError(
      'ERR_GLASSBOX_FILE',
      `A path must not contain a NUL byte: ${JSON.stringify(text)}`,
    )
  }
  return bytes
}

/** Sends bytes and descriptors over a stream socket, all of them, waiting while the socket is full. */
export function sendAll(socket: number, bytes: Uint8Array, descriptors: readonly number[] = []): void {
  const result = addon().sendAll(socket, bytes, Int32Array.from(descriptors))
  if (result < 0) throw systemError('sendmsg', -result)
}

/** The number of slots that a running plan has; `native/plan.h` is the other side. */
export const SLOT_COUNT = 64

export interface PlanOutcome {
  /** The values of all slots after the plan, also after a failed one. */
  readonly slots: BigInt64Array
  /** The encoded step that failed, and its errno; `undefined` where none did. */
  readonly failure?: { readonly step: number; readonly errno: number }
}

/** Runs an encoded plan in this thread. `inputs` become the first slots. */
export function runPlan(encoded: Uint8Array, inputs: readonly number[]): PlanOutcome {
  const slots = new BigInt64Array(SLOT_COUNT).fill(-1n)
  const failure = new Int32Array(2)
  for (const [index, value] of inputs.entries()) slots[index] = BigInt(value)
  const result = addon().runPlan(encoded, slots, failure)
  if (result === 0) return { slots }
  return { slots, failure: { step: failure[0] ?? -1, errno: -result } }
}
