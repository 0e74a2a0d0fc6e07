/**
 * A system call, its arguments and a way to read memory in; strace's text out. Pure, and by the one table of `src/linux`:
 * for each argument its kind says how to print it. What only the kernel writes is printed as an address here, since the
 * call has not run yet: the printers of plans and of denied calls, which this serves, show calls before they happen.
 */
import { constantSet } from '../linux/flags.ts'
import { signalName } from '../linux/signals.ts'
import { syscallByNumber } from '../linux/syscalls.ts'
import type { Call } from './call.ts'
import type { MemoryReader } from './memory.ts'

import { pointerText, setText } from './pointers.ts'
import { address, enumText, hex, modeText } from './text.ts'

export type { Call } from './call.ts'

export interface DecodeOptions {
  /** How many bytes of a string are shown. strace's default is 32. */
  readonly stringLimit?: number
  /** Text for an argument instead of its value: the label of a slot. */
  readonly substitute?: (index: number) => string | undefined
}

const DEFAULT_STRING_LIMIT = 32
const signed32 = (value: bigint): bigint => BigInt.asIntN(32, value)

const AT_FDCWD = -100n
const RLIM_INFINITY = 2n ** 64n - 1n

/** Kinds whose text follows from the value alone. */
const SCALARS: Readonly<Record<string, (value: bigint) => string>> = {
  int: value => String(signed32(value)),
  uint: value => String(BigInt.asUintN(32, value)),
  size: value => String(value),
  off: value => String(BigInt.asIntN(64, value)),
  hex,
  addr: address,
  mode: modeText,
  dev: value => `makedev(${hex((value >> 8n) & 0xfffn)}, ${hex(value & 0xffn)})`,
  id: value => String(signed32(value) === -1n ? -1n : BigInt.asUintN(32, value)),
  sig: value => (value === 0n ? '0' : signalName(Number(signed32(value)))),
  fd: value => String(signed32(value)),
  dirfd: value => (signed32(value) === AT_FDCWD ? 'AT_FDCWD' : String(signed32(value))),
  rlim: value =>
    value === RLIM_INFINITY
      ? 'RLIM64_INFINITY'
      : value >= 1024n && value % 1024n === 0n
        ? `${value / 1024n}*1024`
        : String(value),
  out_string: address,
  socktype: value => {
    const flags = value & 0o2004000n
    const type = enumText(constantSet('sock_type') ?? { kind: 'enum', entries: [] }, value & ~flags)
    return flags === 0n ? type : `${type}|${setText('|sock_flags', flags)}`
  },
  cloneflags: value => {
    const signal = value & 0xffn
    const flags = value & ~0xffn
    const parts = [
      flags === 0n ? [] : [setText('|clone', flags)],
      signal === 0n ? [] : [signalName(Number(signal))],
    ].flat()
    return parts.length > 0 ? parts.join('|') : '0'
  },
}

/** One value by its kind. */
export function valueText(kind: string, value: bigint): string {
  if (kind.startsWith('|') || kind.startsWith('=')) return setText(kind, value)
  return SCALARS[kind]?.(value) ?? hex(value)
}

/** open(2) takes a mode only where it may make a file, and so strace prints it only then. */
function argumentCount(call: Call, known: number): number {
  const name = syscallByNumber(call.nr)?.name
  const flagsAt = { open: 1, openat: 2 }[name ?? '']
  if (flagsAt === undefined) return known
  const makes = 0o20200000n // O_TMPFILE
  const flags = call.args[flagsAt] ?? 0n
  return (flags & 0o100n) !== 0n || (flags & makes) === makes ? known : known - 1
}

/** The arguments as strace prints them, without the brackets. */
export function argumentsText(call: Call, memory: MemoryReader, options: DecodeOptions = {}): string {
  const limit = options.stringLimit ?? DEFAULT_STRING_LIMIT
  const syscall = syscallByNumber(call.nr)
  if (!syscall) return call.args.map(hex).join(', ')
  return syscall.args
    .slice(0, argumentCount(call, syscall.args.length))
    .map(({ kind }, index) => {
      const value = call.args[index] ?? 0n
      return (
        options.substitute?.(index) ??
        pointerText(kind, value, { call, memory, limit, valueText }) ??
        valueText(kind, value)
      )
    })
    .join(', ')
}

/** The name of a call; for a number that the table does not have, as strace: `syscall_0x1ff`. */
export function callName(nr: number): string {
  return syscallByNumber(nr)?.name ?? `syscall_${hex(nr)}`
}

/** `openat(AT_FDCWD, "/etc/passwd", O_RDONLY)`. */
export function callText(call: Call, memory: MemoryReader, options: DecodeOptions = {}): string {
  return `${callName(call.nr)}(${argumentsText(call, memory, options)})`
}
