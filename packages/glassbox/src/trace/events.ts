/**
 * The events of a trace, as its async iterable yields them: plain data, made from the same stops
 * that handlers see.
 */
import type { Abi, Value } from '../decode/types.ts'
import type { CallArguments, CallInputs } from '../linux/generated/event-arguments.ts'
import type { SignalName } from '../linux/signals.ts'

interface EventBase {
  /** Process id, in the PID namespace of the tracer. */
  readonly pid: number
  /** Thread id, in the PID namespace of the tracer. */
  readonly tid: number
  /** Numbers the events of a trace from 0. */
  readonly seq: number
  /** CLOCK_REALTIME, in nanoseconds. */
  readonly timeNs: bigint
  /** How many events were dropped since the previous one, with `slowReader: 'drop'`. */
  readonly dropped?: number
}

interface CallBase extends EventBase {
  /** The number of the call, in the table of `abi`. */
  readonly nr: number
  readonly abi: Abi
  /** The six argument registers at the entry, unsigned. */
  readonly rawArgs: readonly bigint[]
}

/**
 * The calls that have members of their own in TraceEvent: those that programs make most. Others
 * are in CallArguments of src/linux/generated/event-arguments.ts.
 */
export type TypedCall =
  | ('read' | 'write' | 'open' | 'close' | 'stat' | 'fstat' | 'lstat' | 'poll' | 'lseek' | 'mmap')
  | ('mprotect' | 'munmap' | 'brk' | 'rt_sigaction' | 'rt_sigprocmask' | 'ioctl' | 'pread64' | 'pwrite64')
  | ('readv' | 'writev' | 'access' | 'pipe' | 'dup2' | 'nanosleep' | 'socket' | 'connect' | 'accept')
  | ('sendto' | 'recvfrom' | 'sendmsg' | 'recvmsg' | 'bind' | 'listen' | 'clone' | 'execve' | 'exit_group')
  | ('wait4' | 'kill' | 'uname' | 'fcntl' | 'getdents64' | 'getcwd' | 'chdir' | 'rename' | 'mkdir')
  | ('unlink' | 'readlink' | 'chmod' | 'openat' | 'newfstatat' | 'unlinkat' | 'faccessat' | 'readlinkat')
  | ('futex' | 'prlimit64' | 'getrandom' | 'statx' | 'clone3' | 'pipe2' | 'epoll_wait' | 'clock_nanosleep')

/** Arguments that a call has in some variants only are read by their names too. */
type Indexed<Args> = Args & { readonly [argument: string]: Value | undefined }

interface CallEnter<Name, Args> extends CallBase {
  readonly type: 'syscall-enter'
  /** The name of the call, for example `openat`. */
  readonly name: Name
  /**
   * The inputs of the call by the names of the man page, typed by the call: `args.flags` (names),
   * `args.buf` (bytes). If a call has exactly one path, it is `args.path`. A pointer is null for
   * NULL, and a number if its memory could not be read.
   */
  readonly args: Args
}

interface CallExit<Name, Args> extends CallBase {
  readonly type: 'syscall-exit'
  /** The name of the call, for example `openat`. */
  readonly name: Name
  /**
   * All arguments of the call: its inputs as they were at its entry, and what the kernel wrote,
   * such as `args.statbuf` (an object with a member per field).
   */
  readonly args: Args
  /** The result; −errno if the call failed. */
  readonly result: number | bigint
  /** For example `ENOENT`; undefined if the call did not fail. */
  readonly errno?: string
  readonly durationNs: bigint
  readonly tampered: boolean
}

type AnyArguments = Readonly<Record<string, Value>>

/** A call of a program, at its entry or at its exit: a member for each of the most used calls. */
type CallEvent =
  | CallEnter<string, AnyArguments>
  | CallExit<string, AnyArguments>
  | { [Call in TypedCall]: CallEnter<Call, Indexed<CallInputs[Call]>> }[TypedCall]
  | { [Call in TypedCall]: CallExit<Call, Indexed<CallArguments[Call]>> }[TypedCall]

/** A call of any name. */
export type CallEventOf<Name extends string> = CallEnter<Name, AnyArguments> | CallExit<Name, AnyArguments>

/**
 * One event of a trace. `type` says which members it has. In `exec`, `path` is the new program and
 * `formerTid` the id that the calling thread had before; it differs from `tid` if a thread other
 * than the leader made the call.
 *
 * The arguments of the most used calls are typed by their names.
 *
 * @example
 *     if (event.type === 'syscall-exit') console.log(event.name, event.result, event.errno)
 *     type Flags = Extract<TraceEvent, { name: 'openat' }>['args']['flags'] // readonly string[]
 */
export type TraceEvent =
  | CallEvent
  | (EventBase & { readonly type: 'signal'; readonly signal: SignalName; readonly senderPid?: number })
  | (EventBase & { readonly type: 'group-stop'; readonly signal: SignalName })
  | (EventBase & {
      readonly type: 'new-child'
      readonly child: number
      readonly kind: 'fork' | 'vfork' | 'clone'
    })
  | (EventBase & { readonly type: 'exec'; readonly formerTid: number; readonly path: string })
  | (EventBase & { readonly type: 'exit'; readonly code: number })
  | (EventBase & { readonly type: 'killed'; readonly signal: SignalName; readonly coreDumped: boolean })

/**
 * Whether an event is the entry or the exit of a call of this name. TypeScript then knows the
 * arguments of the most used calls, as `args` of TraceEvent has them.
 *
 * @example
 *     for await (const event of trace({ program: 'ls' }))
 *       if (isCall(event, 'openat') && event.type === 'syscall-exit')
 *         console.log(event.args.path, event.args.flags, event.result)
 */
export function isCall<Name extends TypedCall>(
  event: TraceEvent,
  name: Name,
): event is Extract<TraceEvent, { readonly name: Name }>
export function isCall<Name extends string>(event: TraceEvent, name: Name): event is CallEventOf<Name>
export function isCall(event: TraceEvent, name: string): boolean {
  return 'name' in event && event.name === name
}
