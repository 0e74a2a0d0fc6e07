/**
 * Calls through the 32-bit gate (`int 0x80`), whose numbers are those of i386. What they mean is what the calls of the same name mean
 * on x86-64; an argument whose layout differs there (longs and pointers of four bytes) is shown as an address.
 */
import { I386 } from './generated/i386.ts'
import type { Syscall, SyscallArg } from './syscall.ts'
import { syscallByName } from './syscalls.ts'

/** Calls that x86-64 has by another name. */
const SAME_AS: Readonly<Record<string, string>> = {
  mmap2: 'mmap',
  fcntl64: 'fcntl',
  stat64: 'stat',
  lstat64: 'lstat',
  fstat64: 'fstat',
  fstatat64: 'newfstatat',
  statfs64: 'statfs',
  fstatfs64: 'fstatfs',
  ugetrlimit: 'getrlimit',
  _newselect: 'select',
  waitpid: 'wait4',
  umount: 'umount2',
}

/** The same name, and other arguments. */
const DIFFERENT: ReadonlySet<string> = new Set([
  ...['mmap', 'select', 'readdir', 'sigaction', 'pread64', 'pwrite64', 'readahead', 'fadvise64', 'fallocate'],
  ...['sync_file_range', 'uname', 'clone', 'statfs64', 'fstatfs64', 'waitpid', 'umount'],
])

/** Kinds that are the same in 32 bits: numbers, names, text, bytes, and structs of fixed sizes. */
const SAME_KIND =
  /^([|=]|(int|uint|size|off|hex|addr|mode|dev|id|pid|sig|fd|dirfd|path|string|out_string|socktype|cloneflags)$)|^(buf|bytes|name16|sockaddr|length|polls|fdset|sigset|wstatus)\b|^ptr[<>=](statx|utsname|winsize|ucred|linger|epoll_event)$|^cell[<>=](int|fd|uint|id)/

/** A kind as it can be read in 32 bits. */
export const fitKind = (kind: string): string => (SAME_KIND.test(kind) ? kind : 'addr')

const fit = ({ name, kind }: SyscallArg): SyscallArg => ({ name, kind: fitKind(kind) })

const REGISTERS: readonly SyscallArg[] = Array.from({ length: 6 }, (_, index) => ({
  name: `arg${index}`,
  kind: 'hex',
}))

function call(nr: number, name: string): Syscall {
  // Ids were 16 bits wide once; the calls with wide ones end so.
  const same = syscallByName(SAME_AS[name] ?? name.replace(/32$/, ''))
  if (!same) return { nr, name, args: REGISTERS, result: 'int', classes: [] }
  const args = DIFFERENT.has(name) ? REGISTERS.slice(0, same.args.length) : same.args.map(fit)
  return { nr, name, args, result: same.result, classes: same.classes }
}

/** In the order of their numbers. */
export const I386_SYSCALLS: readonly Syscall[] = I386.map(([nr, name]) => call(nr, name))

const BY_NUMBER = new Map(I386_SYSCALLS.map(each => [each.nr, each]))
const BY_NAME = new Map(I386_SYSCALLS.map(each => [each.name, each]))

export const i386ByNumber = (nr: number): Syscall | undefined => BY_NUMBER.get(nr)
export const i386ByName = (name: string): Syscall | undefined => BY_NAME.get(name)
