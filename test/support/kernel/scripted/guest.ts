/**
 * A thread of a guest, as its script sees it: it makes system calls, and reads and writes memory
 * by the pages of its space, with faults as on a CPU. Everything is `yield*`.
 */
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_FILES,
  CLONE_FS,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PROT_READ,
  PROT_WRITE,
  SA_RESTORER,
  SIGCHLD,
} from '#glassbox/linux/constants.js'
import { REGISTER } from '#glassbox/kernel/platform/registers.js'
import { errnoName } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { DATA, DATA_PAGES } from './program.js'
import type { Script, Steps } from './steps.js'
import type { ScriptedThread } from './thread.js'

const PAGE = 4096
const STACK_PAGES = 8
const SIGSET_BYTES = 8
const THREAD =
  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID
const CLONE = syscallNumber('clone')

type Argument = number | string | Uint8Array

export class Guest {
  readonly #thread: ScriptedThread
  readonly #strings: number

  constructor(thread: ScriptedThread) {
    this.#thread = thread
    // Each thread has a page of the program's data for the strings of its calls.
    this.#strings = DATA + (thread.id % DATA_PAGES) * PAGE
  }

  /** The half of that page which calls do not use: for what they store. */
  get room(): number {
    return this.#strings + PAGE / 2
  }

  get sp(): number {
    return this.#thread.sp
  }

  /** An argument of the handler that begins: 0 the signal, 1 its siginfo, 2 its context. */
  handed(index: 0 | 1 | 2): number {
    return this.#thread.registers().get([REGISTER.rdi, REGISTER.rsi, REGISTER.rdx][index] ?? REGISTER.rdi)
  }

  /** The clock of the world, which stands still while nothing runs or waits. */
  now(): number {
    return this.#thread.platform.now()
  }

  /** Makes a call. Text and bytes are put into memory first, and are its addresses then. */
  *call(name: string, ...args: readonly Argument[]): Steps<number> {
    return yield { kind: 'call', nr: syscallNumber(name), args: yield* this.#numbers(args) }
  }

  /** The result of the call, or the name of its error. */
  *try(name: string, ...args: readonly Argument[]): Steps<number | string> {
    const result = yield* this.call(name, ...args)
    return result < 0 && result > -PAGE ? errnoName(-result) : result
  }

  *#numbers(args: readonly Argument[]): Steps<number[]> {
    let at = this.#strings
    const numbers: number[] = []
    for (const value of args) {
      if (typeof value === 'number') {
        numbers.push(value)
        continue
      }
      const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`, 'latin1') : value
      yield* this.put(at, bytes)
      numbers.push(at)
      at += Math.ceil(bytes.length / 8) * 8
    }
    return numbers
  }

  *get(address: number, length: number): Steps<Buffer> {
    const target = Buffer.alloc(length)
    for (let done = 0; done < length; ) {
      const piece = yield* this.#reach(address + done, length - done, PROT_READ)
      target.set(piece, done)
      done += piece.length
    }
    return target
  }

  *put(address: number, bytes: Uint8Array): Steps {
    for (let done = 0; done < bytes.length; ) {
      const piece = yield* this.#reach(address + done, bytes.length - done, PROT_WRITE)
      piece.set(bytes.subarray(done, done + piece.length))
      done += piece.length
    }
  }

  *word(address: number): Steps<number> {
    return (yield* this.get(address, 4)).readInt32LE()
  }

  *setWord(address: number, value: number): Steps {
    yield* this.put(address, Buffer.from(Int32Array.of(value).buffer))
  }

  *text(address: number, length: number): Steps<string> {
    return (yield* this.get(address, length)).toString('latin1')
  }

  /** The bytes from an address to the end of its page, as the guest has them mapped. */
  *#reach(address: number, length: number, right: number): Steps<Uint8Array> {
    for (;;) {
      const bytes = this.#thread.reach(address, right)
      if (bytes) return bytes.subarray(0, length)
      yield { kind: 'fault', address, right }
    }
  }

  /** Writable private memory. */
  *pages(count: number, more: number = MAP_PRIVATE): Steps<number> {
    return yield* this.call('mmap', 0, count * PAGE, PROT_READ | PROT_WRITE, more | MAP_ANONYMOUS, -1, 0)
  }

  /** Computes for so many nanoseconds of the world's clock. */
  *compute(ns: number): Steps {
    yield { kind: 'compute', ns }
  }

  /** A child by fork(2). */
  *fork(script: Script): Steps<number> {
    return yield { kind: 'call', nr: syscallNumber('fork'), args: [], child: { script, is: 'process' } }
  }

  *vfork(script: Script): Steps<number> {
    return yield { kind: 'call', nr: syscallNumber('vfork'), args: [], child: { script, is: 'process' } }
  }

  /**
   * A thread with a stack of its own. `idAt`: where its id is until it ends, as a join waits for.
   */
  *thread(script: Script, idAt: number): Steps<number> {
    const stack = (yield* this.pages(STACK_PAGES)) + STACK_PAGES * PAGE
    return yield {
      ...{ kind: 'call', nr: CLONE, args: [THREAD, stack, 0, idAt, 0] },
      child: { script, is: 'thread' },
    }
  }

  /** A process by clone(2) with these flags. */
  *clone(flags: number, script: Script): Steps<number> {
    const args = [flags + SIGCHLD, 0, 0, 0, 0]
    return yield { kind: 'call', nr: CLONE, args, child: { script, is: 'process' } }
  }

  /** Sets a handler, or SIG_DFL (0) or SIG_IGN (1). */
  *handle(signal: number, script: Script | 0 | 1, flags = 0, mask: readonly number[] = []): Steps<number> {
    const { code } = this.#thread.platform
    const handler = typeof script === 'number' ? script : code.handler(script)
    const words = [handler, flags + SA_RESTORER, RESTORER, maskOf(mask)].map(BigInt)
    return yield* this.call('rt_sigaction', signal, bytesOf(words), 0, SIGSET_BYTES)
  }

  /** Changes the mask: SIG_BLOCK is 0, SIG_UNBLOCK 1, SIG_SETMASK 2. */
  *mask(how: 0 | 1 | 2, signals: readonly number[]): Steps<number> {
    return yield* this.call('rt_sigprocmask', how, bytesOf([BigInt(maskOf(signals))]), 0, SIGSET_BYTES)
  }
}

/** A handler returns there. Nothing is at the address: the thread knows what it does. */
const RESTORER = 0x5f_0000

const maskOf = (signals: readonly number[]): number =>
  signals.reduce((mask, signal) => mask + 2 ** (signal - 1), 0)

/** 64-bit words as they are in memory. */
export const bytesOf = (words: readonly bigint[]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(words).buffer)

/** A struct timespec. */
export const timespec = (ns: number): Uint8Array => bytesOf([BigInt(Math.floor(ns / 1e9)), BigInt(ns % 1e9)])
