/**
 * What the decoder is given and what it gives: the contract between those who have a call (the
 * tracer, a report of a denied call, the printer of a plan) and those who show it. Pure data;
 * memory comes through a reader.
 */

/**
 * The ABI that a call came through. x32 has the numbers of its own with bit 30
 * taken off.
 */
export type Abi = 'x86_64' | 'i386' | 'x32'

/** A call as the kernel sees it at its entry: its number and its six registers, unsigned. */
export interface Call {
  readonly nr: number
  readonly args: readonly bigint[]
  /** The stack pointer, if what the call is about lies there: rt_sigreturn(2). */
  readonly stackPointer?: bigint
  /** x86_64 if it is left out. */
  readonly abi?: Abi
}

/** How a call ended. */
export interface Outcome {
  /**
   * The register, as a signed 64-bit number; for a failure −errno, and −512 … −516 for a call that
   * will be restarted.
   */
  readonly value: bigint
  /** By PTRACE_GET_SYSCALL_INFO if a tracer says it, else value in −4095 … −1. */
  readonly failed: boolean
}

/** Whose id a number is: of a thread, a process, a group, a session. */
export type IdType = 'tid' | 'tgid' | 'pgid' | 'sid'

export type Spelling = 'abbrev' | 'raw' | 'verbose'

/** How text is spelled; strace's option is named with each. All have strace's defaults. */
export interface TextOptions {
  /** -s: bytes of a string, elements of an array. 32. */
  readonly stringLimit?: number
  /** -x, -xx, --strings-in-hex. */
  readonly stringsInHex?: 'none' | 'non-ascii-chars' | 'non-ascii' | 'all'
  /** -X: how constants and flags are shown. */
  readonly spelling?: Spelling
  /** -v, -e abbrev=none: everything of structs and arrays (the caller decides for which calls). */
  readonly full?: boolean
  /** -e verbose=none: structs as addresses. */
  readonly addressesOnly?: boolean
  /** -e raw: registers in hexadecimal. */
  readonly raw?: boolean
  /** -N: NAME=VALUE. */
  readonly names?: boolean
  /**
   * What stands for a descriptor after its number, with the brackets: `</etc/passwd>`; -y, -yy.
   * `AT_FDCWD` asks with -100.
   */
  readonly descriptor?: (fd: number) => string
  /** The name of a network interface by its number; in addresses. */
  readonly interfaceName?: (index: number) => string | undefined
  /**
   * What stands after the id of a thread, a process, a group or a session: `<comm>`; -Y,
   * --decode-pids.
   */
  readonly process?: (id: number, type: IdType) => string
  /** Text for an argument instead of its value: the label of a slot. */
  readonly substitute?: (index: number) => string | undefined
}

/** The part of a call that is printed at its entry. */
export interface EntryText {
  /**
   * `read(3, `, or everything up to the bracket if no argument waits for the end of the call.
   */
  readonly text: string
  /** How many arguments stand in `text`. */
  readonly printed: number
  /** Nothing is missing but `) = result`. */
  readonly complete: boolean
  /**
   * What the decoder read at the entry and compares with at the exit (`[16 => 5]`); only the
   * decoder looks into it.
   */
  readonly state?: unknown
}

/** The part that is printed at the end. */
export interface ExitText {
  /** The missing arguments and the closing bracket: `"data", 10)`, or `)`. */
  readonly rest: string
  /** After `= `: `3`, `-1 ENOENT (No such file or directory)`, `1 ([{fd=3, revents=POLLIN}])`. */
  readonly result: string
}

/**
 * An argument as a program wants it. Paths and strings are text (bytes that are not UTF-8 as
 * U+FFFD); buffers are bytes; flag sets are names; structs are records; addresses, sizes and other
 * numbers are bigint beyond 53 bits, else numbers.
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
