/** The types of the arguments of events, for the calls that programs make most. */
import { expectTypeOf } from 'expect-type'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCall, type TraceEvent } from '#glassbox/index.js'

type Name = Extract<TraceEvent, { type: 'syscall-exit' }>['name']
/** The arguments of a call at its exit, and its inputs at its entry. */
type Left<Call extends Name> = Extract<TraceEvent, { type: 'syscall-exit'; name: Call }>['args']
type Entered<Call extends Name> = Extract<TraceEvent, { type: 'syscall-enter'; name: Call }>['args']

type Word = number | bigint
type Names = readonly string[]
type Named = string | number | bigint
/** NULL, an address, or what is there. */
type Behind<T> = T | Word | null

test('flags are lists of names, and a mode is there only if a file may be created', () => {
  expectTypeOf<Left<'openat'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'openat'>['mode']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Left<'open'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'mmap'>['prot']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'mprotect'>['prot']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'mmap'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'clone'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'socket'>['type']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'pipe2'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'statx'>['mask']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'recvmsg'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'getrandom'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'newfstatat'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'unlinkat'>['flags']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'access'>['mode']>().toEqualTypeOf<Names>()
  expectTypeOf<Left<'faccessat'>['mode']>().toEqualTypeOf<Names>()
})

test('paths, texts and bytes; null and numbers for pointers that lead nowhere', () => {
  expectTypeOf<Left<'stat'>['path']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'lstat'>['path']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'chdir'>['path']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'unlink'>['path']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'mkdir'>['path']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'chmod'>['path']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'rename'>['oldpath']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'readlink'>['buf']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Left<'readlinkat'>['buf']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Left<'getcwd'>['path']>().toEqualTypeOf<Behind<string>>()
  expectTypeOf<Left<'read'>['buf']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Left<'pread64'>['buf']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Entered<'write'>['buf']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Entered<'pwrite64'>['count']>().toEqualTypeOf<Word>()
  expectTypeOf<Entered<'sendto'>['buf']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Left<'recvfrom'>['buf']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Left<'execve'>['argv']>().toEqualTypeOf<Behind<readonly Behind<string>[]>>()
})

test('structs are records, lists are lists', () => {
  type Stat = Extract<Left<'fstat'>['statbuf'], { readonly st_size?: Word }>
  expectTypeOf<Stat['st_size']>().toEqualTypeOf<Word | undefined>()
  expectTypeOf<Stat['st_mode']>().toEqualTypeOf<number | undefined>()
  type Limit = Extract<Left<'prlimit64'>['old_limit'], { readonly rlim_max?: Word }>
  expectTypeOf<Limit['rlim_cur']>().toEqualTypeOf<Word | undefined>()
  type Action = Extract<Left<'rt_sigaction'>['act'], { readonly sa_mask?: Names }>
  expectTypeOf<Action['sa_mask']>().toEqualTypeOf<Names | undefined>()
  expectTypeOf<Left<'rt_sigprocmask'>['set']>().toEqualTypeOf<Behind<Names>>()
  type Release = Extract<Left<'uname'>['buf'], { readonly release?: string }>
  expectTypeOf<Release['release']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Left<'pipe'>['pipefd']>().toEqualTypeOf<Behind<readonly number[]>>()
  type Entry = Extract<Left<'getdents64'>['dirp'], readonly unknown[]>[number]
  expectTypeOf<Entry['d_name']>().toEqualTypeOf<string>()
  type Vector = Extract<Left<'readv'>['iov'], readonly unknown[]>[number]
  expectTypeOf<Vector['iov_base']>().toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Entered<'writev'>['iovcnt']>().toEqualTypeOf<Word>()
  type Polled = Extract<Entered<'poll'>['fds'], readonly unknown[]>[number]
  expectTypeOf<Polled['events']>().toEqualTypeOf<Names | undefined>()
  type Ready = Extract<Left<'epoll_wait'>['events'], readonly unknown[]>[number]
  expectTypeOf<Ready['events']>().toEqualTypeOf<Names | undefined>()
  type Address = Extract<Left<'connect'>['addr'], { readonly sa_family: Named }>
  expectTypeOf<Address['sa_family']>().toEqualTypeOf<Named>()
  expectTypeOf<Left<'bind'>['addrlen']>().toEqualTypeOf<number>()
  expectTypeOf<Left<'accept'>['addrlen']>().toEqualTypeOf<Behind<number>>()
  type Message = Extract<Entered<'sendmsg'>['msg'], { readonly msg_flags: Names }>
  expectTypeOf<Message['msg_iovlen']>().toEqualTypeOf<Word>()
  type Status = Extract<Left<'wait4'>['wstatus'], { readonly exitCode: number }>
  expectTypeOf<Status['exitCode']>().toEqualTypeOf<number>()
})

test('numbers and names', () => {
  expectTypeOf<Left<'close'>['fd']>().toEqualTypeOf<number>()
  expectTypeOf<Left<'dup2'>['newfd']>().toEqualTypeOf<number>()
  expectTypeOf<Left<'lseek'>['whence']>().toEqualTypeOf<Named>()
  expectTypeOf<Left<'kill'>['sig']>().toEqualTypeOf<Named>()
  expectTypeOf<Left<'munmap'>['length']>().toEqualTypeOf<Word>()
  expectTypeOf<Left<'brk'>['addr']>().toEqualTypeOf<Word | null>()
  expectTypeOf<Left<'listen'>['backlog']>().toEqualTypeOf<number>()
  expectTypeOf<Left<'exit_group'>['status']>().toEqualTypeOf<number>()
  expectTypeOf<Left<'fcntl'>['cmd']>().toEqualTypeOf<Named>()
  expectTypeOf<Left<'ioctl'>['request']>().toEqualTypeOf<Named>()
  expectTypeOf<Left<'futex'>['val']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Left<'clock_nanosleep'>['clockid']>().toEqualTypeOf<Named>()
  expectTypeOf<Left<'nanosleep'>['req']>().not.toBeAny()
  expectTypeOf<Left<'clone3'>['size']>().toEqualTypeOf<Word>()
})

test('what a call does not have has no type of its own, and outputs are not there at the entry', () => {
  expectTypeOf<Entered<'read'>['buf']>().not.toEqualTypeOf<Behind<Uint8Array>>()
  expectTypeOf<Extract<TraceEvent, { type: 'signal' }>>().not.toHaveProperty('args')
})

const anEvent = (name: string): TraceEvent => ({
  type: 'syscall-enter',
  pid: 1,
  tid: 1,
  seq: 0,
  timeNs: 0n,
  nr: 257,
  abi: 'x86_64',
  rawArgs: [],
  name,
  args: { flags: ['O_RDONLY'] },
})

test('isCall: the arguments of a call that is known, at its entry and at its exit', () => {
  const event = anEvent('openat')
  assert.ok(isCall(event, 'openat'))
  expectTypeOf(event.args.flags).toEqualTypeOf<Names>()
  expectTypeOf(event.name).toEqualTypeOf<'openat'>()
  if (event.type === 'syscall-exit') expectTypeOf(event.result).toEqualTypeOf<Word>()
  assert.deepEqual(event.args.flags, ['O_RDONLY'])
})

test('isCall: another call, an event that is none, and a call that has no types of its own', () => {
  assert.equal(isCall(anEvent('openat'), 'openat2'), false)
  const signal: TraceEvent = { type: 'signal', signal: 'SIGINT', pid: 1, tid: 1, seq: 0, timeNs: 0n }
  assert.equal(isCall(signal, 'kill'), false)
  const event = anEvent('swapon')
  assert.ok(isCall(event, 'swapon'))
  expectTypeOf(event.name).toEqualTypeOf<'swapon'>()
})
