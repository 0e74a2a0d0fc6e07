/**
 * What a program finds on its stack when it starts: the number of its arguments, pointers to them
 * and to its environment, the auxiliary vector, and the strings. Source: the System V ABI for
 * x86-64, getauxval(3).
 */
import { ERRNO } from '../../../linux/errno.ts'

/** Entries of the auxiliary vector: linux/auxvec.h. */
export const AUX = {
  null: 0,
  programHeaders: 3,
  programHeaderSize: 4,
  programHeaderCount: 5,
  pageSize: 6,
  base: 7,
  flags: 8,
  entry: 9,
  uid: 11,
  euid: 12,
  gid: 13,
  egid: 14,
  platform: 15,
  hardware: 16,
  clockTicks: 17,
  secure: 23,
  random: 25,
  hardware2: 26,
  execPath: 31,
  vdso: 33,
  minSignalStack: 51,
} as const

/** The longest single argument: MAX_ARG_STRLEN. */
const MAX_ARGUMENT = 32 * 4096
const MIN_TOTAL = 32 * 4096
const MAX_TOTAL = 6 * 1024 * 1024

/** −E2BIG if the strings are too many for the stack, as execve(2) says; else 0. */
export function checkArguments(
  args: readonly Uint8Array[],
  env: readonly Uint8Array[],
  stackLimit: number,
): number {
  const most = Math.max(MIN_TOTAL, Math.min(stackLimit / 4, MAX_TOTAL))
  let total = 0
  for (const strings of [args, env]) {
    for (const { length } of strings) {
      if (length >= MAX_ARGUMENT) return -ERRNO.E2BIG
      total += length + 1 + 8
    }
  }
  return total > most ? -ERRNO.E2BIG : 0
}

export interface StackStrings {
  /** Without the NUL at the end. */
  readonly args: readonly Uint8Array[]
  readonly env: readonly Uint8Array[]
  readonly execPath: Uint8Array
  /** 16 random bytes. */
  readonly random: Uint8Array
}

export interface StackBlock {
  /** The bytes from `sp` up to the top of the stack. */
  readonly bytes: Uint8Array
  readonly sp: number
  readonly argumentsStart: number
  readonly argumentsEnd: number
  readonly environmentEnd: number
  readonly auxiliary: Uint8Array
}

const PLATFORM = new TextEncoder().encode('x86_64')
const ALIGN = 16
const WORD = 8

/**
 * Lays out the block that ends at `top`. `auxiliary` has its entries in order, without those that
 * point into the block (random, execPath, platform) and without the last one.
 */
export function buildStack(
  top: number,
  strings: StackStrings,
  auxiliary: readonly (readonly [number, number])[],
): StackBlock {
  const { args, env, execPath, random } = strings
  const length = (list: readonly Uint8Array[]): number => list.reduce((sum, item) => sum + item.length + 1, 0)
  // From the top: a zero word, the path, the environment, the arguments; each string with its NUL.
  const execPathAt = top - WORD - (execPath.length + 1)
  const environment = execPathAt - length(env)
  const argumentsStart = environment - length(args)
  const platformAt = Math.floor((argumentsStart - PLATFORM.length - 1) / ALIGN) * ALIGN
  const randomAt = platformAt - ALIGN
  const entries: (readonly [number, number])[] = [
    ...auxiliary,
    [AUX.random, randomAt],
    [AUX.execPath, execPathAt],
    [AUX.platform, platformAt],
    [AUX.null, 0],
  ]
  const words = 1 + args.length + 1 + env.length + 1 + 2 * entries.length
  const sp = Math.floor((randomAt - words * WORD) / ALIGN) * ALIGN
  const block = new StackWriter(sp, top - sp)
  block.word(args.length)
  block.strings(args, argumentsStart)
  block.strings(env, environment)
  const auxiliaryAt = block.at
  for (const [type, value] of entries) block.word(type).word(value)
  const auxiliaryEnd = block.at
  block.bytes.set(random, randomAt - sp)
  block.bytes.set(PLATFORM, platformAt - sp)
  block.bytes.set(execPath, execPathAt - sp)
  return {
    bytes: block.bytes,
    sp,
    argumentsStart,
    argumentsEnd: environment,
    environmentEnd: execPathAt,
    auxiliary: block.bytes.slice(auxiliaryAt, auxiliaryEnd),
  }
}

/** Writes words in order, and strings where they belong. */
class StackWriter {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #base: number
  at = 0

  constructor(base: number, length: number) {
    this.#base = base
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
  }

  word(value: number): this {
    this.#view.setUint32(this.at, value % 2 ** 32, true)
    this.#view.setUint32(this.at + 4, Math.floor(value / 2 ** 32), true)
    this.at += WORD
    return this
  }

  /** Pointers to strings that begin at `address` and follow each other, and a null pointer. */
  strings(list: readonly Uint8Array[], address: number): void {
    let next = address
    for (const string of list) {
      this.word(next)
      this.bytes.set(string, next - this.#base)
      next += string.length + 1
    }
    this.word(0)
  }
}
