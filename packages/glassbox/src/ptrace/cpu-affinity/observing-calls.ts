/** Which calls would show a program that it was moved to a CPU, by number. */
import type { MemoryReader } from '../../decode/memory.ts'
import type { Abi } from '../../decode/types.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Revealing } from './cpu-affinity.ts'

/** Numbers of the calls, and for those that open files which argument is the path. */
interface Numbers {
  readonly masks: readonly number[]
  readonly child: readonly number[]
  readonly path: Readonly<Record<number, number>>
}

const MASKS = ['sched_setaffinity', 'sched_getaffinity'].map(syscallNumber)
const CHILD = ['clone', 'fork', 'vfork', 'clone3'].map(syscallNumber)
const PATH = { [syscallNumber('open')]: 0, [syscallNumber('openat')]: 1, [syscallNumber('openat2')]: 1 }
const NATIVE: Numbers = { masks: MASKS, child: CHILD, path: PATH }
/** asm/unistd_32.h. */
const I386: Numbers = {
  masks: [241, 242],
  child: [2, 120, 190, 435],
  path: { 5: 0, 295: 1, 437: 1 },
}

const PAGE = 4096n
const STATUS = Buffer.from('status')

function table({ masks, child, path }: Numbers): Map<number, Revealing> {
  return new Map<number, Revealing>([
    ...masks.map((nr): [number, Revealing] => [nr, 'all']),
    ...child.map((nr): [number, Revealing] => [nr, 'own']),
    ...Object.keys(path).map((nr): [number, Revealing] => [Number(nr), 'status']),
  ])
}

const TABLES = { x86_64: table(NATIVE), x32: table(NATIVE), i386: table(I386) } as const
const PATHS = { x86_64: NATIVE.path, x32: NATIVE.path, i386: I386.path } as const

/** What a filter must stop as well, where a tracee is moved. */
export const REVEALING_CALLS: readonly string[] = [
  ...['sched_setaffinity', 'sched_getaffinity', 'clone', 'fork', 'vfork', 'clone3'],
  ...['open', 'openat', 'openat2'],
]

/** What a call would show; `undefined` for nearly all. */
export function reveals(
  abi: Abi,
  nr: number,
  args: readonly bigint[],
  memory: MemoryReader,
): Revealing | undefined {
  const what = TABLES[abi].get(nr)
  if (what !== 'status') return what
  return endsWithStatus(memory, args[PATHS[abi][nr] ?? 0] ?? 0n) ? what : undefined
}

/**
 * /proc/self/status, and also `status` under a descriptor of /proc/self. A path is at most two pages long; the second is read only
 * where the first does not end it.
 */
function endsWithStatus(memory: MemoryReader, address: bigint): boolean {
  const first = memory.read(address, Number(PAGE - (address & (PAGE - 1n))))
  const end = first.indexOf(0)
  if (end >= 0) return isStatus(first, end)
  if (first.length === 0) return false
  const start = Buffer.from(first)
  const rest = memory.read(address + BigInt(first.length), Number(PAGE))
  const path = Buffer.concat([start, rest])
  return isStatus(path, path.indexOf(0))
}

function isStatus(path: Uint8Array, end: number): boolean {
  const start = end - STATUS.length
  if (start < 0 || path[start] !== STATUS[0]) return false
  return STATUS.equals(path.subarray(start, end))
}
