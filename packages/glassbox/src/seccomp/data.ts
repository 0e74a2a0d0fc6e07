/**
 * struct seccomp_data, which a filter reads to decide about a call, and the values that a filter
 * returns. Source: linux/seccomp.h.
 */
import {
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_KILL_PROCESS,
  SECCOMP_RET_LOG,
  SECCOMP_RET_TRACE,
  SECCOMP_RET_USER_NOTIF,
} from '../linux/constants.ts'
import type { KernelAction } from './policy.ts'

export { AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 } from '../linux/constants.ts'

export const NUMBER_OFFSET = 0
export const ARCH_OFFSET = 4
export const DATA_BYTES = 64
/** Of the halves of the instruction pointer. */
export const POINTER_OFFSETS = { low: 8, high: 12 } as const

/** Offsets of the halves of an argument. On x86-64 the low half comes first. */
export const lowOffset = (arg: number): number => 16 + arg * 8
export const highOffset = (arg: number): number => lowOffset(arg) + 4

/** The parts of a call that a filter can test. */
export interface SeccompCall {
  /** The number of the call, unsigned 32 bits. */
  readonly nr: number
  readonly arch: number
  readonly args: readonly bigint[]
}

const DATA_MASK = 0xffff
const BASE = {
  kill: SECCOMP_RET_KILL_PROCESS, // Linux 4.14
  errno: SECCOMP_RET_ERRNO,
  notify: SECCOMP_RET_USER_NOTIF, // Linux 5.0
  trace: SECCOMP_RET_TRACE,
  log: SECCOMP_RET_LOG,
  allow: SECCOMP_RET_ALLOW,
} as const

export function actionValue(action: KernelAction): number {
  if (action.kind === 'errno') return BASE.errno | (action.errno & DATA_MASK)
  if (action.kind === 'trace') return (BASE.trace | (action.data & DATA_MASK)) >>> 0
  return BASE[action.kind]
}

/** The action for a filter's return value; `undefined` if no policy compiles to this value. */
export function actionOf(value: number): KernelAction | undefined {
  const data = value & DATA_MASK
  const base = (value & ~DATA_MASK) >>> 0
  const kind = (Object.keys(BASE) as (keyof typeof BASE)[]).find(name => BASE[name] === base)
  if (kind === undefined) return undefined
  if (kind === 'errno') return { kind, errno: data }
  return kind === 'trace' ? { kind, data } : { kind }
}
