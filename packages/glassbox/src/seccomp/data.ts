/**
 * struct seccomp_data, what a filter sees of a call, and the values that a filter returns. Source:
 * linux/seccomp.h.
 */
import type { Action } from './policy.ts'

export const NUMBER_OFFSET = 0
export const ARCH_OFFSET = 4
export const DATA_BYTES = 64

/** Little endian: the low half of an argument comes first. */
export const lowOffset = (arg: number): number => 16 + arg * 8
export const highOffset = (arg: number): number => lowOffset(arg) + 4

export const AUDIT_ARCH_X86_64 = 0xc000003e
export const AUDIT_ARCH_I386 = 0x40000003

/** A call as the filter sees it. */
export interface SeccompCall {
  /** The number in 32 bits, unsigned. */
  readonly nr: number
  readonly arch: number
  readonly args: readonly bigint[]
}

const DATA_MASK = 0xffff
const BASE = {
  kill: 0x80000000, // SECCOMP_RET_KILL_PROCESS, Linux 4.14
  errno: 0x00050000,
  notify: 0x7fc00000, // Linux 5.0
  trace: 0x7ff00000,
  log: 0x7ffc0000,
  allow: 0x7fff0000,
} as const

export function actionValue(action: Action): number {
  if (action.kind === 'errno') return BASE.errno | (action.errno & DATA_MASK)
  if (action.kind === 'trace') return (BASE.trace | (action.data & DATA_MASK)) >>> 0
  return BASE[action.kind]
}

/** The action behind a filter's return value; `undefined` for one that no policy gives. */
export function actionOf(value: number): Action | undefined {
  const data = value & DATA_MASK
  const base = (value & ~DATA_MASK) >>> 0
  const kind = (Object.keys(BASE) as (keyof typeof BASE)[]).find(name => BASE[name] === base)
  if (kind === undefined) return undefined
  if (kind === 'errno') return { kind, errno: data }
  return kind === 'trace' ? { kind, data } : { kind }
}
