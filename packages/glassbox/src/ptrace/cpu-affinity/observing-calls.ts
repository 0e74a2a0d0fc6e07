/** Which calls, by number, would show a program that it was moved to a CPU. */
import type { MemoryReader } from '../../decode/memory.ts'
import type { Abi } from '../../decode/types.ts'
import { numbersOf } from '../../linux/abi.ts'

/**
 * What a call observes. `all`: all tracees need their own masks during the call. `own`: the
 * caller needs its own mask. `status`: the process opens a `status` file, and may read it at any
 * time.
 */
export type Observes = 'all' | 'own' | 'status'

export const MASK_CALLS = ['sched_setaffinity', 'sched_getaffinity'] as const
export const CHILD_CALLS = ['clone', 'fork', 'vfork', 'clone3'] as const
/** The index of the argument that is the path. */
export const PATH_CALLS = { open: 0, openat: 1, openat2: 1 } as const

/** Calls that a filter must also stop if a tracee may be moved. */
export const OBSERVING_CALLS: readonly string[] = [...MASK_CALLS, ...CHILD_CALLS, ...Object.keys(PATH_CALLS)]

function table(abi: Abi): ReadonlyMap<number, Observes> {
  const of = (names: readonly string[], what: Observes): [number, Observes][] =>
    names.map(name => [numbersOf(name)[abi], what])
  return new Map([
    ...of(MASK_CALLS, 'all'),
    ...of(CHILD_CALLS, 'own'),
    ...of(Object.keys(PATH_CALLS), 'status'),
  ])
}

const paths = (abi: Abi): ReadonlyMap<number, number> =>
  new Map(Object.entries(PATH_CALLS).map(([name, index]) => [numbersOf(name)[abi], index]))

const [NATIVE, I386] = [table('x86_64'), table('i386')]
const [NATIVE_PATHS, I386_PATHS] = [paths('x86_64'), paths('i386')]
const TABLES = { x86_64: NATIVE, x32: NATIVE, i386: I386 } as const
const PATHS = { x86_64: NATIVE_PATHS, x32: NATIVE_PATHS, i386: I386_PATHS } as const

const PAGE = 4096n
const STATUS = Buffer.from('status')

/** Returns `undefined` for nearly all calls. */
export function observes(
  abi: Abi,
  nr: number,
  args: readonly bigint[],
  memory: MemoryReader,
): Observes | undefined {
  const what = TABLES[abi].get(nr)
  if (what !== 'status') return what
  return endsWithStatus(memory, args[PATHS[abi].get(nr) ?? 0] ?? 0n) ? what : undefined
}

/**
 * /proc/self/status, and also `status` under a descriptor of /proc/self. A path is at most two
 * pages long; the second is read only if the first does not end it.
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
