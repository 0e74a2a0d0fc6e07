/**
 * The input and output of the decoder. This is the contract between those that have a call (the
 * tracer, the report of a denied call, the printer of a plan) and those that show it. Pure data;
 * memory is accessed through a reader.
 */

/** The ABI through which a call was made. x32 has its own numbers, here without bit 30. */
export type Abi = 'x86_64' | 'i386' | 'x32'

/** A call as the kernel sees it at its entry: its number and its six registers, unsigned. */
export interface Call {
  readonly nr: number
  readonly args: readonly bigint[]
  /** The stack pointer, if the call takes its data from the stack: rt_sigreturn(2). */
  readonly stackPointer?: bigint
  /** Default: x86_64. */
  readonly abi?: Abi
}

/** How a call ended. */
export interface Outcome {
  /**
   * The result register as a signed 64-bit number: −errno for a failure, −512 … −516 for a call
   * that will be restarted.
   */
  readonly value: bigint
  /**
   * From PTRACE_GET_SYSCALL_INFO if a tracer provides it, else whether the value is in −4095 …
   * −1.
   */
  readonly failed: boolean
}

/** What an id identifies: a thread, a process, a group, a session. */
export type IdType = 'tid' | 'tgid' | 'pgid' | 'sid'

export type Spelling = 'abbrev' | 'raw' | 'verbose'

/** How text is printed; strace's option is given for each. The defaults are strace's. */
export interface TextOptions {
  /** -s: bytes of a string, or elements of an array. Default: 32. */
  readonly stringLimit?: number
  /** -x, -xx, --strings-in-hex. */
  readonly stringsInHex?: 'none' | 'non-ascii-chars' | 'non-ascii' | 'all'
  /** -X: how constants and flags are printed. */
  readonly spelling?: Spelling
  /**
   * -v, -e abbrev=none: all members of structs and all elements of arrays. The caller decides for
   * which calls.
   */
  readonly full?: boolean
  /** -e verbose=none: print structs as addresses. */
  readonly addressesOnly?: boolean
  /** -e raw: print registers in hexadecimal. */
  readonly raw?: boolean
  /** -N: print NAME=VALUE. */
  readonly names?: boolean
  /**
   * -y, -yy: the text after the number of a descriptor, with the brackets: `</etc/passwd>`.
   * Called with -100 for `AT_FDCWD`.
   */
  readonly descriptor?: (fd: number) => string
  /** The same for a descriptor of another process. */
  readonly descriptorOf?: (pid: number, fd: number) => string
  /** The process that a pidfd refers to. */
  readonly processOf?: (pidfd: number) => number | undefined
  /** The name of a network interface by its number, used in addresses. */
  readonly interfaceName?: (index: number) => string | undefined
  /** The protocol of a netlink socket, by which its messages are printed. */
  readonly netlink?: (fd: number) => number | undefined
  /**
   * -Y, --decode-pids: the text after the id of a thread, a process, a group or a session:
   * `<comm>`.
   */
  readonly process?: (id: number, type: IdType) => string
  /** Text for an argument instead of its value, for example the label of a slot. */
  readonly substitute?: (index: number) => string | undefined
}

/** The part of a call that is printed at its entry. */
export interface EntryText {
  /**
   * `read(3, `, or everything up to the closing bracket if no argument waits for the end of the
   * call.
   */
  readonly text: string
  /** How many arguments `text` contains. */
  readonly printed: number
  /** Only `) = result` is missing. */
  readonly complete: boolean
  /**
   * What the decoder read at the entry and compares with at the exit (`[16 => 5]`). Private to
   * the decoder.
   */
  readonly state?: unknown
}

/** The part of a call that is printed at its exit. */
export interface ExitText {
  /** The missing arguments and the closing bracket: `"data", 10)`, or `)`. */
  readonly rest: string
  /**
   * The text after `= `: `3`, `-1 ENOENT (No such file or directory)`, `1 ([{fd=3,
   * revents=POLLIN}])`.
   */
  readonly result: string
}

/**
 * An argument as a value for programs. Paths and strings are text (bytes that are not UTF-8
 * become U+FFFD), buffers are bytes, flag sets are arrays of names, and structs are records.
 * Addresses, sizes and other numbers are numbers, or bigint if they need more than 53 bits.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [name: string]: Value }
