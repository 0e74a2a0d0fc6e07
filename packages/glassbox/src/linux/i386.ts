/**
 * Calls by `int 0x80`, which have the numbers of i386. Each means the same as the call of that
 * name on x86-64. An argument with another layout on i386 (longs and pointers of four bytes) is
 * shown as an address.
 */
import { I386 } from './generated/i386.ts'
import { kinds } from './generated/kinds.ts'
import type { Syscall, SyscallArg } from './syscall.ts'
import { syscallByName } from './syscalls.ts'

/** Calls that have another name on x86-64. */
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

/** Calls of the same name with other arguments. */
const DIFFERENT: ReadonlySet<string> = new Set([
  ...['mmap', 'select', 'readdir', 'sigaction', 'pread64', 'pwrite64', 'readahead', 'fadvise64', 'fallocate'],
  ...['sync_file_range', 'uname', 'clone', 'statfs64', 'fstatfs64', 'waitpid', 'umount'],
])

const words = (text: string): readonly string[] => text.split(' ')

/** Kinds with the same layout in 32 bits: numbers, names and sets of flags; */
const SAME_WORDS: ReadonlySet<string> = new Set([
  ...words('int uint size off hex hex32 addr mode dev id key none string out_string syslog qcmd persona'),
  ...words('tid tgid pgid sid who sigframe sig fd dirfd fandirfd ipckey ioprio mpol mpol32 socktype'),
  ...words('cloneflags mountflags openflags swapflags mapflags memfdflags statxflags shmflags ipcflags'),
  ...words('fanflags kexecflags filemode'),
])
/** values of a set, text and bytes, */
const SAME_TEXT =
  /^([|=]|(buf|bytes|name16|hostname|sockaddr|length|polls|fdset|sigset|wstatus|cpuset|xattr|path|mincore)\b)/
/** and structs of fixed size. */
const SAME_STRUCT =
  /^ptr[<>=](fds|statx|utsname|winsize|ucred|linger|epoll_event)$|^cell[<>=](int|fd|uint|id)/

/** The kind with which an argument is read in 32 bits. */
export const fitKind = (kind: string): string =>
  SAME_WORDS.has(kind) || SAME_TEXT.test(kind) || SAME_STRUCT.test(kind) ? kind : 'addr'

const fit = (arg: SyscallArg): SyscallArg => {
  const kind = fitKind(arg.kind)
  return kind === arg.kind ? arg : { name: arg.name, kind, schema: kinds().addr }
}

const registers = (): readonly SyscallArg[] =>
  Array.from({ length: 6 }, (_, index) => ({ name: `arg${index}`, kind: 'hex', schema: kinds().hex }))

/** Its arguments are looked up when they are first needed. */
class I386Call implements Syscall {
  readonly nr: number
  readonly name: string
  #same: Syscall | undefined
  #args: readonly SyscallArg[] | undefined

  constructor(nr: number, name: string) {
    this.nr = nr
    this.name = name
  }

  get sameAs(): string | undefined {
    return DIFFERENT.has(this.name) ? undefined : this.#meaning()?.name
  }

  get args(): readonly SyscallArg[] {
    this.#args ??= this.#readArgs()
    return this.#args
  }

  get result(): string {
    return this.#meaning()?.result ?? 'int'
  }

  get classes(): readonly string[] {
    return this.#meaning()?.classes ?? []
  }

  #readArgs(): readonly SyscallArg[] {
    const same = this.#meaning()
    if (!same) return registers()
    return DIFFERENT.has(this.name) ? registers().slice(0, same.args.length) : same.args.map(fit)
  }

  #meaning(): Syscall | undefined {
    // Ids were once 16 bits wide. The calls with 32-bit ids have this suffix.
    this.#same ??= syscallByName(SAME_AS[this.name] ?? this.name.replace(/32$/, ''))
    return this.#same
  }
}

interface Table {
  readonly calls: readonly Syscall[]
  readonly byNumber: ReadonlyMap<number, Syscall>
  readonly byName: ReadonlyMap<string, Syscall>
}

/** The number of a call; −1 if there is none of that name. Does not build the table. */
export function i386Number(name: string): number {
  const end = I386.indexOf(` ${name}\n`)
  return end < 0 ? -1 : Number(I386.slice(I386.lastIndexOf('\n', end) + 1, end))
}

let read: Table | undefined

/** Built at the first such call: most programs make none. */
function table(): Table {
  if (read) return read
  const calls = I386.slice(1, -1)
    .split('\n')
    .map(line => {
      const space = line.indexOf(' ')
      return new I386Call(Number(line.slice(0, space)), line.slice(space + 1))
    })
  read = {
    calls,
    byNumber: new Map(calls.map(each => [each.nr, each])),
    byName: new Map(calls.map(each => [each.name, each])),
  }
  return read
}

/** All calls of i386, in the order of their numbers. */
export const i386Syscalls = (): readonly Syscall[] => table().calls
export const i386ByNumber = (nr: number): Syscall | undefined => table().byNumber.get(nr)
export const i386ByName = (name: string): Syscall | undefined => table().byName.get(name)
