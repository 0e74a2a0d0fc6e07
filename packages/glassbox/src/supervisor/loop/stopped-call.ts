/**
 * The call at which a thread is stopped, with the memory of the thread. There is one object per
 * supervisor: it describes the call that is being handled, and is not kept.
 */
import { argumentsText, callName } from '../../decode/decode.ts'
import { readString } from '../../decode/memory.ts'
import type { Violation } from '../../job/ending.ts'
import { AUDIT_ARCH_X86_64 } from '../../linux/constants.ts'
import { X32_BIT } from '../../linux/abi.ts'
import { ERRNO } from '../../linux/errno.ts'
import { syscallByNumber } from '../../linux/syscalls.ts'
import type { Records } from '../../ptrace/record.ts'
import { TraceeMemory } from '../../ptrace/tracee/tracee-memory.ts'
import { runFilter } from '../../seccomp/simulate.ts'
import type { StoppedCall } from '../decision.ts'
import type { Task } from './program.ts'

const LONGEST_STRING = 255
const LONGEST_PATH = 4095

export class CallAtStop implements StoppedCall {
  readonly #records: Records
  readonly #memory = new TraceeMemory()
  #task: Task | undefined
  #index = 0
  #args: readonly bigint[] | undefined
  /** The number of a call whose record is gone. */
  #nr: number | undefined

  constructor(records: Records) {
    this.#records = records
  }

  /** From now on this is the call of that record. */
  at(task: Task, index: number): this {
    this.#task = task
    this.#index = index
    this.#args = undefined
    this.#nr = undefined
    this.#memory.at(task.tid)
    return this
  }

  /**
   * Like `at`, for a call of x86-64 at which the thread still stands, but whose record is gone.
   */
  again(task: Task, { nr, args }: Pick<StoppedCall, 'nr' | 'args'>): this {
    this.at(task, 0)
    this.#nr = nr
    this.#args = args
    return this
  }

  get tid(): number {
    return this.#task?.tid ?? 0
  }

  get pid(): number {
    return this.#task?.pid ?? 0
  }

  get nr(): number {
    return this.#nr ?? this.#records.number(this.#index)
  }

  get args(): readonly bigint[] {
    this.#args ??= this.#records.args(this.#index)
    return this.#args
  }

  read(address: bigint, length: number): Uint8Array {
    return this.#memory.read(address, length)
  }

  write(address: bigint, bytes: Uint8Array): number {
    return this.#memory.writeWhereAllowed(address, bytes) === bytes.length ? 0 : ERRNO.EFAULT
  }

  isMember(id: number): boolean {
    return this.#task?.program.tasks.has(id) ?? false
  }

  /** The data with which this filter stops the call; undefined if the filter does not stop it. */
  dataBy(filter: Uint8Array): number | undefined {
    const arch = this.#nr === undefined ? this.#records.arch(this.#index) : AUDIT_ARCH_X86_64
    const action = runFilter(filter, { nr: this.nr, arch, args: this.args })
    return action.kind === 'trace' ? action.data : undefined
  }

  /** The call in strace's notation. Calls of other ABIs are named but not decoded. */
  describe(): Violation {
    const { nr, args } = this
    const arch = this.#nr === undefined ? this.#records.arch(this.#index) : AUDIT_ARCH_X86_64
    if (arch !== AUDIT_ARCH_X86_64 || nr >= X32_BIT) {
      const name = arch === AUDIT_ARCH_X86_64 ? `x32:syscall_${nr - X32_BIT}` : `i386:${callName(nr, 'i386')}`
      return { syscall: name, args: args.map(arg => `0x${arg.toString(16)}`).join(', ') }
    }
    const path = this.#path()
    return {
      syscall: callName(nr),
      args: this.text(),
      ...(path === undefined ? {} : { path }),
    }
  }

  /** The arguments in strace's notation. */
  text(): string {
    return argumentsText({ nr: this.nr, args: this.args }, this, { stringLimit: LONGEST_STRING })
  }

  /** The first argument that is a path. */
  #path(): string | undefined {
    const index = syscallByNumber(this.nr)?.args.findIndex(({ kind }) => kind === 'path') ?? -1
    const address = this.args[index]
    if (address === undefined || address === 0n) return undefined
    const found = readString(this, address, LONGEST_PATH)
    return found && Buffer.from(found.bytes).toString('utf8')
  }
}
