/**
 * Chooses calls with odd arguments, by a seed, for the guest chosen-calls.c, and runs them under
 * both tracers. No call is made: the tracer injects a result in place of each, so any call can be
 * tried, and memory is the same before and after. The text of an error shows what strace reads at
 * the entry, that of a success what it reads at the exit.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constantSet } from '#glassbox/linux/flags.js'
import { i386Syscalls } from '#glassbox/linux/i386.js'
import { allSyscalls, type Syscall } from '#glassbox/linux/syscalls.js'
import { x32Syscalls } from '#glassbox/linux/x32.js'
import { program } from '../../support/programs.js'
import { NEWER_NAMES, sameButNewer } from './newer.js'
import { CONFINED, OURS, runTracer, THEIRS } from './strace.js'

/** What the guest reads: struct record. */
export const BYTES = 1024
const ARGUMENTS = 6
const RECORD = 8 + 8 * ARGUMENTS + BYTES
const MOST = 8192

const POINTED = 0x1000_0000n
const TEXTS = 0x1001_0000n
export const END = POINTED + 0x1000n
export const START = END - BigInt(BYTES)
const FLAGS = [
  ...['-nostdlib', '-static', '-fno-stack-protector', '-mno-red-zone'],
  `-Wl,--section-start=.pointed=0x${POINTED.toString(16)}`,
  `-Wl,--section-start=.texts=0x${TEXTS.toString(16)}`,
]

/** The last call that strace 6.1 knows. */
const LAST_KNOWN = 450
/** uretprobe(2) and uprobe(2), which are newer than their numbers. */
const UNKNOWN = new Set([335, 336])
/** Their words have comparisons of their own, they end the guest, or their words are newer. */
const LEFT_OUT = new Set([
  'ioctl',
  'bpf',
  'setsockopt',
  'getsockopt',
  'exit',
  'exit_group',
  // These show where the guest's stack is, which is chosen anew in each run.
  'rt_sigreturn',
  'sigreturn',
  'io_uring_register',
])

/** Calls of which strace takes the upper half of a word in one place and not in another. */
const NARROW = new Set(['socket', 'epoll_pwait', 'epoll_pwait2'])

/** The same, in calls of x32. */
const NARROW_IN_X32 = new Set(['preadv', 'pwritev', 'preadv2', 'pwritev2'])

export type Gate = 'x86-64' | 'i386' | 'x32'
const X32_BIT = 0x4000_0000
/** Numbers that x32 has of its own. */
const [FIRST_OF_X32, END_OF_X32] = [512, 548]
const CALLS = { 'x86-64': allSyscalls, i386: i386Syscalls, x32: x32Syscalls } as const

/** The results that are injected, as -e inject= spells them. */
export type Result = `error=${string}` | `retval=${number}`

/** A generator of numbers in [0, 2^32) that repeats itself for a seed (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export type Random = (below: number) => number

export const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)] as T

/** Ends of structs, of arrays and of words before the end of the memory. */
const BEFORE_END = [1, 2, 3, 4, 7, 8, 12, 15, 16, 20, 24, 28, 31, 32, 40, 48, 56, 64, 100, 128, 144, 256, 264]
/** Where texts of the guest begin. */
const TEXT_STARTS = [0, 10, 20, 30, 93]

export function pointer(random: Random): bigint {
  const choice = random(100)
  if (choice < 45) return START
  if (choice < 55) return START + BigInt(8 * random(64))
  if (choice < 60) return START + BigInt(random(64))
  if (choice < 80) return END - BigInt(pick(random, BEFORE_END))
  if (choice < 88) return TEXTS + BigInt(pick(random, TEXT_STARTS))
  if (choice < 95) return 0n
  return choice < 98 ? END : 2n ** 64n - 1n
}

const text = (random: Random): bigint =>
  random(10) < 7 ? TEXTS + BigInt(pick(random, TEXT_STARTS)) : pointer(random)

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 24, 31, 32, 33, 48, 64, 65, 100, 128, 256, 1000, 4096]
const ODD = [
  ...[-1n, -2n, -100n, -101n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 32n, 1n << 63n, 0x1234_5678n],
  ...[(1n << 63n) - 1n, 0xdead_beef_0000_0003n, 0xdead_beef_ffff_ffffn, 1000n, 65534n, 1_700_000_000n],
]

export function word(random: Random): bigint {
  const choice = random(100)
  if (choice < 35) return BigInt(random(8))
  if (choice < 50) return BigInt(pick(random, SIZES))
  if (choice < 65) return 1n << BigInt(random(32))
  if (choice < 75) return (1n << BigInt(random(32))) | (1n << BigInt(random(32))) | BigInt(random(4))
  if (choice < 80) return 0xfeed_face_0000_0000n | BigInt(random(64))
  return pick(random, ODD)
}

const size = (random: Random): bigint => (random(10) < 8 ? BigInt(pick(random, SIZES)) : word(random))

const DESCRIPTORS = [0n, 0n, 1n, 3n, -1n, -1n, -100n, 0xffff_ff9cn, 0xdead_beef_0000_0000n, 0x7fff_ffffn]

/** A member of a set, or several; now and then with more bits. */
export function ofSet(kind: string, random: Random): bigint {
  const known = constantSet(kind.slice(1))?.entries.filter(([name]) => !NEWER_NAMES.has(name)) ?? []
  if (known.length === 0 || random(10) < 2) return word(random)
  const one = (): bigint => BigInt(pick(random, known)[1])
  if (kind.startsWith('=')) return random(12) === 0 ? one() | (0xabcdn << 32n) : one()
  let value = 0n
  for (let count = random(4); count > 0; count--) value |= one()
  return random(8) === 0 ? value | word(random) : value
}

const TEXT_KIND = /^(path|string|xattr|buf|bytes|strings)/
const POINTER_KIND = /[<>]|^(cell|moved|length|polls|strings|env|perfattr|wstatus|uring)/

/** Words that commands take: numbers or pointers. */
const EITHER = new Set(['addr', 'hex', 'size', 'long', 'off'])

function argument(kind: string, random: Random): bigint {
  if (/^[|=][a-z]/.test(kind)) return ofSet(kind, random)
  if (TEXT_KIND.test(kind)) return text(random)
  if (/^(fd|dirfd)$/.test(kind)) return random(5) === 0 ? word(random) : pick(random, DESCRIPTORS)
  if (POINTER_KIND.test(kind)) return pointer(random)
  if (kind === 'size') return random(6) === 0 ? pointer(random) : size(random)
  if (EITHER.has(kind)) return random(2) === 0 ? pointer(random) : word(random)
  return word(random)
}

/** Bytes of a sort: words of 8, 4 or 2 bytes, letters, zeros, ones or anything. */
export function fill(bytes: DataView, random: Random): void {
  const sort = random(9)
  const end = bytes.byteLength
  if (sort === 0) return
  if (sort <= 3) {
    for (let at = 0; at < end; at += 8)
      bytes.setBigUint64(at, BigInt.asUintN(64, random(3) === 0 ? text(random) : word(random)), true)
  } else if (sort <= 5) {
    for (let at = 0; at < end; at += 4) bytes.setUint32(at, Number(BigInt.asUintN(32, word(random))), true)
  } else if (sort === 6) {
    for (let at = 0; at < end; at += 2) bytes.setUint16(at, random(70), true)
  } else if (sort === 7) {
    for (let at = 0; at < end; at++) bytes.setUint8(at, random(20) === 0 ? 0 : 32 + random(96))
  } else {
    for (let at = 0; at < end; at++) bytes.setUint8(at, random(4) === 0 ? 0xff : random(256))
  }
}

interface Choice {
  readonly call: Syscall
  readonly number: number
}

function choices(gate: Gate, only: string): readonly Choice[] {
  const wanted = ({ name }: Syscall): boolean =>
    !LEFT_OUT.has(name.replace('#64', '')) && (only === '' || only.split(',').includes(name))
  const isKnown = ({ nr }: Syscall): boolean =>
    (nr <= LAST_KNOWN || (nr >= FIRST_OF_X32 && nr < END_OF_X32)) && !(gate !== 'i386' && UNKNOWN.has(nr))
  return CALLS[gate]()
    .filter(call => isKnown(call) && wanted(call))
    .map(call => ({ call, number: gate === 'x32' ? call.nr + X32_BIT : call.nr }))
}

/** A call: its number, and what its registers hold. */
export interface Chosen {
  readonly number: number
  readonly args: readonly bigint[]
}

/** Records of calls for the guest: `choose` says each call, and fills its memory. */
export function recordsOf(
  count: number,
  gate: Gate,
  choose: (memory: DataView<ArrayBuffer>) => Chosen,
): Uint8Array {
  const all = new Uint8Array(Math.min(count, MOST) * RECORD)
  for (let at = 0; at < all.length; at += RECORD) {
    const view = new DataView(all.buffer, at, RECORD)
    const { number, args } = choose(new DataView(all.buffer, at + RECORD - BYTES, BYTES))
    view.setUint32(0, gate === 'i386' ? 1 : 0, true)
    view.setUint32(4, number, true)
    for (let index = 0; index < ARGUMENTS; index++)
      view.setBigUint64(8 + 8 * index, BigInt.asUintN(64, args[index] ?? 0n), true)
  }
  return all
}

/** A program of 32 bits has no more in a register, and one of x32 no more in an address. */
const isNarrow = (name: string, kind: string, gate: Gate): boolean =>
  gate === 'i386' ||
  NARROW.has(name) ||
  (gate === 'x32' && (NARROW_IN_X32.has(name) || TEXT_KIND.test(kind) || POINTER_KIND.test(kind)))

/** Records of any calls. */
export function chosen(seed: number, count: number, gate: Gate, only = ''): Uint8Array {
  const random = numbers(seed)
  const calls = choices(gate, only)
  return recordsOf(count, gate, memory => {
    const { call, number } = pick(random, calls)
    const args = Array.from({ length: ARGUMENTS }, (_, index) => {
      const kind = call.args[index]?.kind ?? 'size'
      const width = isNarrow(call.name, kind, gate) ? 32 : 64
      return BigInt.asUintN(width, argument(kind, random))
    })
    fill(memory, random)
    return { number, args }
  })
}

/** The guest makes it once before the calls of its list. */
const MADE_ONCE = 'read'

/** Calls that the guest makes by itself. */
const OWN_CALLS = 2

/** Lines about the ABI, and signals that a call which was not made cannot have sent. */
const ABOUT = /^(\[ Process|strace: |\+\+\+)/

/** The lines of the chosen calls, one each. */
export function linesBy(
  cwd: string,
  tracer: readonly string[],
  records: Uint8Array,
  result: Result,
  options: readonly string[],
): readonly string[] {
  const file = join(cwd, 'trace')
  const list = join(cwd, 'calls')
  writeFileSync(list, records)
  const guest = program('chosen-calls', FLAGS)
  runTracer(
    [...CONFINED, 'sh', '-c', 'exec "$@" < calls > /dev/null 2>&1', 'sh', ...tracer],
    [
      ...options,
      '-e',
      `inject=!${MADE_ONCE},exit_group:${result}`,
      '-e',
      `inject=${MADE_ONCE}:${result}:when=2+`,
      ...['-o', file, guest],
    ],
    { cwd },
  )
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter(line => !ABOUT.test(line))
    .slice(OWN_CALLS)
}

/** Results that no kernel gives for what was asked: more than there is room for. */
const NO_RESULT = /^(getdents|getdents64|poll|ppoll|select|pselect6|recvmmsg|getcwd)(_time64)?\(/
/**
 * Known differences: a priority class that is newer, fields of a signal that the kernel itself
 * sent, control data of lengths that the kernel refuses.
 */
const KNOWN = /IOPRIO_CLASS_\?\?\?|si_code=SI_KERNEL|cmsg_len=/

export interface Difference {
  readonly call: string
  readonly ours: string
  readonly theirs: string
}

const isError = (result: Result): boolean => result.startsWith('error=')

/** Lines of both that differ. */
export function differences(
  cwd: string,
  records: Uint8Array,
  result: Result,
  options: readonly string[],
  known: RegExp = KNOWN,
): readonly Difference[] {
  const theirs = linesBy(cwd, THEIRS, records, result, options)
  const ours = linesBy(cwd, OURS, records, result, options)
  return theirs.flatMap((line, index) =>
    known.test(line) ||
    sameButNewer(ours[index] ?? '', line) ||
    (result !== 'retval=0' && NO_RESULT.test(line) && !isError(result))
      ? []
      : [{ call: /^\w*/.exec(line)?.[0] ?? '', ours: ours[index] ?? '', theirs: line }],
  )
}
