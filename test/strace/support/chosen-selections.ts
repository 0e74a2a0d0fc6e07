/**
 * Chooses calls of which one argument says what another one points to, by a seed, for the guest
 * chosen-calls.c: socket options, bpf(2), io_uring, prctl(2), messages with names and control
 * data. What is pointed to ends where memory ends, or not far from there.
 */
import { allSyscalls } from '#glassbox/linux/syscalls.js'
import {
  BYTES,
  type Chosen,
  END,
  fill,
  numbers,
  ofSet,
  pick,
  pointer,
  type Random,
  recordsOf,
  START,
  word,
} from './chosen-calls.js'

type Chooser = (random: Random, memory: DataView<ArrayBuffer>) => Chosen

const call = (name: string, ...args: readonly bigint[]): Chosen => {
  const number = allSyscalls().find(({ name: known }) => known === name)?.nr
  if (number === undefined) throw new Error(`no call is named ${name}`)
  return { number, args }
}

/** The memory that begins at an address. */
const from = (memory: DataView<ArrayBuffer>, address: bigint): DataView<ArrayBuffer> => {
  const at = memory.byteLength - Number(END - address)
  return new DataView(memory.buffer, memory.byteOffset + at, memory.byteLength - at)
}

/** What a struct holds: zeros, small numbers, pointers and odd words, each where it is aligned. */
function fillStruct(view: DataView, random: Random): void {
  const zeros = random(4)
  for (let at = 0; at + 8 <= view.byteLength; at += 8) {
    const choice = random(10)
    if (choice < zeros) view.setBigUint64(at, 0n, true)
    else if (choice < 6) {
      view.setUint32(at, random(3) === 0 ? Number(BigInt.asUintN(32, word(random))) : random(10), true)
      view.setUint32(at + 4, random(3) === 0 ? Number(BigInt.asUintN(32, word(random))) : random(10), true)
    } else view.setBigUint64(at, BigInt.asUintN(64, choice < 9 ? pointer(random) : word(random)), true)
  }
}

const OPTION_SIZES = [
  0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 20, 24, 28, 31, 32, 36, 40, 64, 100, 128, 136, 264,
]
const ODD_SIZES = [-1, -4, -2147483648, 0x7fff_ffff, 4096, 65536]

const optionSize = (random: Random): number =>
  random(12) === 0 ? pick(random, ODD_SIZES) : pick(random, OPTION_SIZES)

/** At the end of memory, so that as many bytes can be read; sometimes fewer, sometimes more. */
function before(random: Random, size: number): bigint {
  const choice = random(20)
  if (choice === 0) return pointer(random)
  const bytes = Math.max(0, Math.min(BYTES / 2, size < 0 ? 64 : size))
  if (choice === 1) return END - BigInt(Math.max(0, bytes - 1))
  return END - BigInt(bytes + (choice < 5 ? random(16) : 0))
}

function option(random: Random, memory: DataView<ArrayBuffer>): Chosen {
  const level =
    random(3) === 0 ? pick(random, [1n, 1n, 0n, 41n, 255n, 263n, 270n]) : ofSet('=sockopt_level', random)
  const name = random(20) === 0 ? word(random) : BigInt(random(random(3) === 0 ? 140 : 80))
  const size = optionSize(random)
  const value = before(random, size)
  if (random(2) === 0) fill(memory, random)
  else fillStruct(from(memory, value < START || value > END ? START : value), random)
  const args = [word(random), level, name, value] as const
  if (random(2) === 0) return call('setsockopt', ...args, BigInt(size))
  memory.setInt32(0, size, true)
  return call('getsockopt', ...args, random(15) === 0 ? pointer(random) : START)
}

const ATTRIBUTE_SIZES = [
  0, 1, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 44, 48, 56, 64, 68, 72, 80, 96, 112, 116, 120, 124, 128, 136,
  144, 200, 4096, 4097,
]

function bpf(random: Random, memory: DataView<ArrayBuffer>): Chosen {
  const command = random(20) === 0 ? word(random) : BigInt(random(38))
  const size = random(4) === 0 ? random(160) : pick(random, ATTRIBUTE_SIZES)
  const attributes = before(random, size)
  fill(memory, random)
  const view = from(memory, attributes < START || attributes > END ? START : attributes)
  if (random(5) !== 0) fillStruct(view, random)
  if (random(3) === 0)
    for (let at = size - 1; at >= 0 && at > size - 40 && at < view.byteLength; at--) view.setUint8(at, 0)
  return call('bpf', command, attributes, random(30) === 0 ? word(random) : BigInt(size))
}

function uring(random: Random, memory: DataView<ArrayBuffer>): Chosen {
  fill(memory, random)
  const which = random(10)
  if (which === 0) {
    const params = before(random, 120)
    const view = from(memory, params < START || params > END ? START : params)
    if (random(3) !== 0) fillStruct(view, random)
    if (view.byteLength > 12)
      view.setUint32(8, Number(BigInt.asUintN(32, ofSet('|uring_setup', random))), true)
    return call('io_uring_setup', word(random), params)
  }
  if (which === 1) {
    const flags = ofSet('|uring_enter', random)
    return call(
      'io_uring_enter',
      word(random),
      word(random),
      word(random),
      flags,
      pointer(random),
      BigInt(pick(random, OPTION_SIZES)),
    )
  }
  const opcode = random(20) === 0 ? word(random) : BigInt(random(28))
  const count =
    random(10) === 0 ? word(random) : BigInt(random(10) < 7 ? random(5) : pick(random, OPTION_SIZES))
  const value = before(random, pick(random, [...OPTION_SIZES, 48, 56, 72]))
  if (random(2) === 0) fillStruct(from(memory, value < START || value > END ? START : value), random)
  return call('io_uring_register', word(random), opcode, value, count)
}

const CONTROL_SETS = [
  'prctl_ambient',
  'prctl_vma',
  'pr_mm',
  'pr_tsc',
  'unalign',
  'mce_kill',
  'mce_policy',
  'pr_spec',
  'pr_spec_set',
  'pr_dispatch',
  'pr_core',
  'pr_fp_mode',
  'pr_pac',
  'pr_sve',
  'securebits',
  'cap64',
  'seccomp_mode',
]

function controlWord(random: Random): bigint {
  const choice = random(4)
  if (choice === 0) return pointer(random)
  return choice === 1
    ? word(random)
    : ofSet(`${pick(random, '=|'.split(''))}${pick(random, CONTROL_SETS)}`, random)
}

function control(random: Random, memory: DataView<ArrayBuffer>): Chosen {
  fill(memory, random)
  const named = random(10)
  const chosen = named === 0 ? word(random) : named < 6 ? BigInt(random(71)) : ofSet('=prctl', random)
  const later = (): bigint => controlWord(random)
  return random(12) === 0
    ? call('arch_prctl', ofSet('=arch_prctl', random), later())
    : call('prctl', chosen, later(), later(), later(), later())
}

const LEVELS = [0, 0, 0, 1, 1, 1, 6, 17, 41, 255, 263, 270, 999, -1]
const DATA_SIZES = [0, 1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 20, 24, 31, 32, 33, 47, 48, 49, 64]
const HEAD = 16

/**
 * Pieces of control data, up to the end of memory. Answers its length. None has a length that
 * overflows: strace goes round and round then.
 */
function fillControl(random: Random, view: DataView): number {
  const room = Math.min(view.byteLength, pick(random, [0, 8, 15, 16, 17, 24, 32, 40, 64, 100, 128, 200, 300]))
  let at = 0
  while (at + HEAD <= view.byteLength) {
    const size = HEAD + pick(random, DATA_SIZES)
    const said = random(12) === 0 ? pick(random, [16, 4096, 300]) : size
    view.setBigInt64(at, BigInt(said), true)
    const level = pick(random, LEVELS)
    view.setInt32(at + 8, level, true)
    view.setInt32(
      at + 12,
      random(20) === 0 ? 999 : level === 0 ? random(24) : random(3) === 0 ? random(3) + 1 : random(70),
      true,
    )
    at += Math.ceil(Math.min(size, said) / 8) * 8
  }
  return room
}

const FAMILIES = [0, 1, 1, 2, 2, 3, 4, 5, 10, 10, 16, 17, 17, 29, 30, 31, 38, 40, 44, 99]
const MESSAGE = 64
const CONTROL = 256n

function message(random: Random, memory: DataView<ArrayBuffer>): Chosen {
  fill(memory, random)
  const name = START + 256n
  const vectors = START + 512n
  from(memory, name).setUint16(0, pick(random, FAMILIES), true)
  const ios = from(memory, vectors)
  for (let index = 0; index < 4; index++) {
    ios.setBigUint64(16 * index, pointer(random), true)
    ios.setBigUint64(16 * index + 8, BigInt(pick(random, OPTION_SIZES)), true)
  }
  const near = pick(random, [0n, 8n, 100n, 200n])
  const length = fillControl(random, from(memory, END - CONTROL + near))
  const isMany = random(3) === 0
  const at = random(15) === 0 ? END - 56n : START
  for (let index = 0; index < 4; index++) {
    const head = new DataView(memory.buffer, memory.byteOffset + index * MESSAGE, MESSAGE)
    const maybe = (value: bigint): bigint => (random(12) === 0 ? pointer(random) : value)
    head.setBigUint64(0, maybe(name), true)
    head.setInt32(
      8,
      random(6) === 0 ? optionSize(random) : pick(random, [0, 2, 3, 8, 12, 16, 20, 24, 28, 110, 128]),
      true,
    )
    head.setBigUint64(16, maybe(vectors), true)
    head.setBigUint64(24, BigInt(random(5)), true)
    head.setBigUint64(32, random(12) === 0 ? pick(random, [0n, END]) : END - CONTROL + near, true)
    head.setBigUint64(40, BigInt(random(8) === 0 ? optionSize(random) : length), true)
    head.setUint32(48, Number(BigInt.asUintN(32, ofSet('|msg', random))), true)
    head.setUint32(56, random(20), true)
  }
  const flags = ofSet('|msg', random)
  if (!isMany) return call(pick(random, ['sendmsg', 'recvmsg']), word(random), at, flags)
  const count = BigInt(random(10) === 0 ? pick(random, [33, -1, 1000]) : random(4))
  return random(2) === 0
    ? call('sendmmsg', word(random), at, count, flags)
    : call('recvmmsg', word(random), at, count, flags, pointer(random))
}

export const CHOOSERS: Readonly<Record<string, Chooser>> = { option, bpf, uring, control, message }

/** Records of the calls of one chooser. */
export function selections(seed: number, count: number, name: string): Uint8Array {
  const random = numbers(seed)
  const choose = CHOOSERS[name]
  if (!choose) throw new Error(`no chooser is named ${name}`)
  return recordsOf(count, 'x86-64', memory => choose(random, memory))
}
